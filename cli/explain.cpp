#include "eval/explain/explain.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/config/record.h"
#include "base/nearest.h"
#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/explained_text.h"
#include "cli/model_folder.h"
#include "cli/verbs.h"
#include "eval/explain/checks.h"
#include "eval/score/window_batches.h"
#include "nn/files/model_file.h"

namespace octet {
namespace {

constexpr std::int64_t kRows = 2048;  // inputs of each layer that are looked at
constexpr std::size_t kVerdicts = 4;  // layers that are spoken of where none is named

/// What --json prints.
struct Explanation {
  std::string model;
  std::vector<ExplainedLayer> layers;

  template <class V>
  void visit(V& v) {
    v("model", model);
    v("layers", layers);
  }
};

/// The layer that was named, or all of them.
std::vector<std::string> chosen_layers(const ExplainArguments& arguments, const std::vector<std::string>& all) {
  if (arguments.layer.empty()) return all;
  std::string named = arguments.layer;
  if (named.ends_with(".weight")) named.resize(named.size() - std::string_view(".weight").size());
  if (std::find(all.begin(), all.end(), named) != all.end()) return {named};
  const auto near = nearest_name(named, all);
  fail(ErrorKind::config, "octet explain: the model has no layer \"{}\" that multiplies its inputs{} (layers: {})",
       arguments.layer, near ? ", did you mean \"" + *near + "\"?" : "", fmt::join(all, ", "));
}

std::string as_text(const std::vector<LayerFacts>& layers, bool named) {
  if (named) return explanation_text(layers.front());
  std::string text = explanation_table(layers);
  for (const LayerFacts* facts : most_telling(layers, kVerdicts)) {
    text += "\n" + facts->layer + "\n";
    for (const LayerVerdict& verdict : verdicts(*facts)) text += "- " + verdict.text + "\n";
  }
  return text;
}

void explain_layers_of(const CommonOptions& common, const ExplainArguments& arguments, Gpt& model,
                       const OutlierLabText& text, ProgressSink& progress) {
  const std::int64_t window = text.windows.front().length();
  const std::vector<Window> windows = pick_windows(text.windows, std::max<std::int64_t>(1, kRows / window));
  const std::vector<std::string> layers = chosen_layers(arguments, multiplying_layers(model, windows.front()));
  const std::vector<LayerFacts> explained = explain_layers(model, layers, windows, kRows, progress);
  if (!common.json) {
    print(as_text(explained, !arguments.layer.empty()));
    return;
  }
  Explanation record = {arguments.checkpoint, {}};
  for (const LayerFacts& facts : explained) record.layers.push_back({facts, verdicts(facts)});
  print_exactly(record_to_json(record));
}

void explain_verb(const CommonOptions& common, const ExplainArguments& arguments) {
  const std::string folder = model_folder(common, arguments.checkpoint);
  if (!read_model_description(folder).quantization.empty()) {
    fail(ErrorKind::config, "{}: expected an FP32 model, whose layers are quantized in many ways, got a quantized one",
         folder);
  }
  if (arguments.checks && !arguments.layer.empty()) {
    fail(ErrorKind::config, "octet explain: --checks asks about the whole model, so that no layer can be named, got {}",
         arguments.layer);
  }
  const std::unique_ptr<Gpt> model = load_model(folder);
  const OutlierLabText text = explained_text(common, arguments, folder, model->config());
  print_start(common, DeviceKind::cpu);
  const auto sink = make_progress(common);
  StopsOnInterrupt progress("explain", *sink);
  if (!arguments.checks) {
    explain_layers_of(common, arguments, *model, text, progress);
    return;
  }
  const ModelChecks checks = check_model(*model, text, progress);
  (common.json ? print_exactly : print)(common.json ? record_to_json(checks) : checks_text(checks));
}

}  // namespace

void add_explain(VerbList& verbs) {
  auto [options, arguments] =
      verbs.add("explain", "why a layer loses what it loses, and what helps: predicted, measured", explain_verb);
  options.text("checkpoint", arguments.checkpoint, "run folder, or with --text the folder of an FP32 model").required();
  options.text("layer", arguments.layer, "dotted name of a layer (default: all, in a table)");
  options.text("--text", arguments.text, "file that the model reads (default: the corpus of the run)");
  options.flag("--checks", arguments.checks,
               "four questions about the whole model: symmetric or not, static or dynamic, outliers, embedding");
  options.without({"--out", "--seed", "--device", "--math"});
}

}  // namespace octet
