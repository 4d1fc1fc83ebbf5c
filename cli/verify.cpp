#include "eval/verify/verify.h"

#include <algorithm>
#include <set>

#include "base/config/config.h"
#include "base/config/record.h"
#include "base/random.h"
#include "base/text_columns.h"
#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/model_folder.h"
#include "cli/verbs.h"
#include "nn/files/model_tokenizer.h"
#include "nn/files/quantized_file.h"
#include "quant/apply_recipe.h"
#include "quant/transforms/transform.h"

namespace octet {
namespace {

struct VerifyArguments {
  std::string checkpoint;
  std::string recipe;      ///< YAML file of a recipe that quantizes an FP32 checkpoint first
  std::string prompt;      ///< text that the model reads; empty: random tokens
  std::int64_t rows = 32;  ///< inputs that each layer is tried on
};

/// The model of the folder; quantized by the recipe where one is given. Errors (config): nothing is quantized, or
/// quantized twice.
std::unique_ptr<Gpt> quantized_model(const VerifyArguments& arguments) {
  const bool quantized = !read_model_description(arguments.checkpoint).quantization.empty();
  if (!quantized && arguments.recipe.empty()) {
    fail(ErrorKind::config,
         "{}: no layer of this model is quantized, so there is nothing to compare; --recipe FILE quantizes it first "
         "(configs/recipes/ has some)",
         arguments.checkpoint);
  }
  if (quantized && !arguments.recipe.empty()) {
    fail(ErrorKind::config, "--recipe: expected an FP32 checkpoint to quantize, but {} is quantized already",
         arguments.checkpoint);
  }
  std::unique_ptr<Gpt> model = load_any_model(arguments.checkpoint);
  if (!quantized) {
    const Recipe recipe = read_config<Recipe>(arguments.recipe);
    if (reads_text(recipe)) {
      fail(ErrorKind::config,
           "--recipe: expected a recipe that needs no calibration, but {} has {}; verify a model that `octet quantize` "
           "has written",
           arguments.recipe, recipe.describe());
    }
    if (!recipe.transforms.empty()) {
      model = transformed(*model, recipe);
    }
    apply_recipe(*model, recipe);
  }
  return model;
}

std::vector<std::int32_t> random_tokens(std::int64_t count, std::int64_t vocabulary, std::uint64_t seed) {
  std::vector<std::int32_t> tokens;
  const Random random(seed, hash_name("verify"));
  for (std::int64_t i = 0; i < count; ++i) {
    tokens.push_back(
        static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(vocabulary))));
  }
  return tokens;
}

/// The first `rows` tokens of the prompt, or random ones, in windows of at most `context`. What follows a window is not
/// used.
std::vector<Window> input_windows(const VerifyArguments& arguments, const GptConfig& config, std::uint64_t seed) {
  std::vector<std::int32_t> tokens;
  if (arguments.prompt.empty()) {
    tokens = random_tokens(arguments.rows, config.vocabulary, seed);
  } else {
    const std::filesystem::path folder = arguments.checkpoint;
    tokens = load_model_tokenizer(folder).encode(arguments.prompt);
  }
  std::vector<Window> windows;
  const auto count = std::min(tokens.size(), static_cast<std::size_t>(arguments.rows));
  for (std::size_t first = 0; first < count;) {
    const std::size_t last = std::min(count, first + static_cast<std::size_t>(config.context));
    Window window;
    window.tokens.assign(tokens.begin() + static_cast<std::ptrdiff_t>(first),
                         tokens.begin() + static_cast<std::ptrdiff_t>(last));
    window.tokens.push_back(0);
    windows.push_back(std::move(window));
    first = last;
  }
  return windows;
}

std::string int32_text(const VerifyRow& row) {
  return !row.int32_equal ? "-" : *row.int32_equal && *row.codes_equal ? "equal" : "DIFFER";
}

std::string summary(const std::vector<VerifyRow>& rows) {
  std::set<std::string> layers, backends;
  std::int64_t with_int32 = 0, different = 0;
  for (const VerifyRow& row : rows) {
    layers.insert(row.layer);
    backends.insert(row.backend);
    with_int32 += row.int32_equal ? 1 : 0;
    different += row.agrees() ? 0 : 1;
  }
  const std::string counts = fmt::format("{} layers, {} backends", layers.size(), backends.size());
  if (different > 0) {
    return fmt::format("{}: {} of {} rows differ", counts, different, rows.size());
  }
  return fmt::format("{}: {}floats within their bounds", counts, with_int32 > 0 ? "all int32 sums equal, " : "");
}

std::string as_table(const std::vector<VerifyRow>& rows) {
  std::vector<std::vector<std::string>> table = {
      {"layer", "backend", "stored as", "shape", "int32", "float error", "bound"}};
  for (const VerifyRow& row : rows) {
    table.push_back({row.layer, row.backend, row.scheme, fmt::format("({}, {})", row.shape[0], row.shape[1]),
                     int32_text(row), fmt::format("{:.2e}", row.max_float_error),
                     fmt::format("{:.1e}", row.float_bound)});
  }
  return align_columns(table, "<<<>>>>") + summary(rows) + "\n";
}

/// Prints what every backend makes of every quantized layer. Error (run) naming the first that differs.
void verify_verb(const CommonOptions& common, const VerifyArguments& given) {
  const VerifyArguments arguments = of_model(common, given);
  const std::unique_ptr<Gpt> model = quantized_model(arguments);
  const std::vector<Window> windows = input_windows(arguments, model->config(), common.seed.value_or(1));
  print_start(common, device_of(common));
  const auto sink = make_progress(common);
  StopsOnInterrupt progress("verify", *sink);
  const std::vector<VerifyCase> cases = verify_cases(*model, windows, arguments.rows);
  if (cases.empty()) {
    fail(ErrorKind::config, "{}: no layer that multiplies is quantized, so there is nothing to compare",
         arguments.checkpoint);
  }
  const std::vector<VerifyRow> rows = verify(cases, available_backends(), progress);
  (common.json ? print_exactly : print)(common.json ? record_to_json(rows) : as_table(rows));
  const auto first = std::find_if(rows.begin(), rows.end(), [](const VerifyRow& row) { return !row.agrees(); });
  if (first != rows.end()) {
    fail(ErrorKind::run, "{} on {}: {}", first->layer, first->backend, first->difference);
  }
}

}  // namespace

void add_verify(VerbList& verbs) {
  auto [options, arguments] = verbs.add("verify", "compare every quantized layer on all backends", verify_verb);
  options
      .text("checkpoint", arguments.checkpoint, "folder of a quantized model, or with --recipe of an FP32 one or a run")
      .required();
  options.text("--recipe", arguments.recipe, "YAML file of a recipe that quantizes an FP32 model first");
  options.text("--prompt", arguments.prompt, "text that the model reads (default: random tokens)");
  options.integer("--rows", arguments.rows, {1, kMostSequences}, "inputs that each layer is tried on").shows_default();
  options.without({"--out"});
}

}  // namespace octet
