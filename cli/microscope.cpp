#include "eval/microscope/microscope.h"

#include <algorithm>

#include "base/config/config.h"
#include "base/config/record.h"
#include "cli/builtin_configs.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/model_folder.h"
#include "cli/run_folder.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "nn/files/model_file.h"
#include "report/charts/charts.h"

namespace octet {
namespace {

struct MicroscopeArguments {
  std::string checkpoint;            ///< an FP32 model whose matrices are stored too; empty: none
  std::vector<std::string> recipes;  ///< YAML files; empty: all built-in ones
  std::string chart;                 ///< folder to draw a chart into; empty: none
};

std::vector<Recipe> recipes_of(const MicroscopeArguments& arguments) {
  std::vector<Recipe> recipes;
  for (const std::string& file : arguments.recipes) {
    recipes.push_back(read_config<Recipe>(file));
  }
  if (arguments.recipes.empty()) {
    for (const auto& [name, text] : builtin_recipes()) {
      recipes.push_back(parse_config<Recipe>(text, "built-in recipe " + name));
    }
    // A row has the name of the first of those that store weights alike: of the plain one.
    std::stable_sort(recipes.begin(), recipes.end(),
                     [](const Recipe& a, const Recipe& b) { return a.transforms.empty() && !b.transforms.empty(); });
  }
  return recipes;
}

/// Error (config) where the folder holds a quantized model: its weights are codes already.
std::unique_ptr<Gpt> fp32_model(const std::string& folder) {
  if (folder.empty()) {
    return nullptr;
  }
  if (!read_model_description(folder).quantization.empty()) {
    fail(ErrorKind::config, "{}: expected an FP32 model to store in every format, but it is quantized already", folder);
  }
  return load_model(folder);
}

Chart draw_chart(const std::string& folder, const MicroscopeReport& report) {
  std::vector<FormatPoint> points;
  for (const FormatRow& format : report.formats) {
    points.push_back({format.name, format.gaussian.bits_per_weight, format.gaussian.relative_mse});
  }
  return draw_format_chart(folder, "formats", points);
}

/// Prints how many bits the weights of each recipe take and what they lose, on normally distributed numbers.
void microscope_verb(const CommonOptions& common, const MicroscopeArguments& given) {
  const MicroscopeArguments arguments = of_model(common, given);
  if (const ChartSupport support = charts_available(); !arguments.chart.empty() && !support.available) {
    fail(ErrorKind::capability, "--chart: {}", support.reason);
  }
  if (!arguments.chart.empty()) check_writable(arguments.chart);
  const std::vector<Recipe> recipes = recipes_of(arguments);
  const std::unique_ptr<Gpt> model = fp32_model(arguments.checkpoint);
  print_start(common, device_of(common));
  const auto sink = make_progress(common);
  StopsOnInterrupt progress("microscope", *sink);
  const MicroscopeReport report = microscope(recipes, model.get(), common.seed.value_or(1), progress);
  if (!arguments.chart.empty()) {
    const Chart chart = draw_chart(arguments.chart, report);
    progress.note(fmt::format("drawn: {}/{}.svg", arguments.chart, chart.name));
  }
  (common.json ? print_exactly : print)(common.json ? record_to_json(report) : microscope_table(report));
}

}  // namespace

void add_microscope(VerbList& verbs) {
  auto [options, arguments] =
      verbs.add("microscope", "what every format takes and loses, beside the least that is possible", microscope_verb);
  options.text("checkpoint", arguments.checkpoint,
               "folder of an FP32 model, or of a run (its best checkpoint), whose matrices are stored too");
  add_recipe_files(options, arguments.recipes,
                   "YAML file of a recipe; may be given several times (default: all built-in ones)");
  options.text("--chart", arguments.chart, "draw formats.svg into this folder");
  options.without({"--out"});
}

}  // namespace octet
