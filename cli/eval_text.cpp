#include "cli/eval_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files/read_file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text_columns.h"
#include "cli/console.h"
#include "cli/device.h"
#include "eval/score/named_model.h"
#include "eval/score/tokens_at_once.h"
#include "eval/score/window_batches.h"
#include "eval/score/windows.h"
#include "nn/files/model_tokenizer.h"
#include "nn/files/quantized_file.h"
#include "train/training_memory.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBytesPerLogit = 16;  // logits of two models, and probabilities in double

/// The text as the models read it, and how it is cut.
struct ScoredText {
  std::string protocol;
  std::int64_t bytes = 0;
  std::int64_t tokens = 0;
  std::int64_t context = 0;
  std::int64_t stride = 0;
  std::vector<Window> windows;

  std::int64_t scored() const {
    std::int64_t count = 0;
    for (const Window& window : windows) count += window.scored();
    return count;
  }
};

ScoredText cut_text(const EvalArguments& arguments, const Tokenizer& tokenizer, std::int64_t model_context) {
  ScoredText scored;
  scored.protocol = arguments.protocol.empty() ? "octet" : arguments.protocol;
  scored.context = arguments.context == 0 ? std::min(model_context, kUsualContext) : arguments.context;
  scored.stride = arguments.stride == 0 ? scored.context : arguments.stride;
  if (scored.context > model_context) {
    fail(ErrorKind::config, "--context: expected at most the {} positions of the model, got {}", model_context,
         scored.context);
  }
  const bool as_llama_cpp = scored.protocol == "llama.cpp";
  if (as_llama_cpp && scored.stride != scored.context) {
    fail(ErrorKind::config, "--stride: windows of llama.cpp touch, so it must be the context of {}, got {}",
         scored.context, scored.stride);
  }
  std::string text = read_text_stream(arguments.text);
  if (as_llama_cpp && text.ends_with('\n')) text.pop_back();  // as that program does
  scored.bytes = static_cast<std::int64_t>(text.size());
  std::vector<std::int32_t> ids = tokenizer.encode(text);
  if (const auto begin = tokenizer.begin_of_text()) ids.insert(ids.begin(), *begin);
  scored.tokens = static_cast<std::int64_t>(ids.size());
  if (scored.tokens < 2) {
    fail(ErrorKind::input, "{}: expected a text of at least 2 tokens, got {}", arguments.text, scored.tokens);
  }
  try {
    scored.windows = as_llama_cpp ? llama_cpp_windows(ids, tokenizer, scored.context)
                                  : evaluation_windows({ids}, tokenizer, scored.context, scored.stride);
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}", arguments.text, error.what());
  }
  scored.windows = pick_windows(std::move(scored.windows), arguments.windows);
  return scored;
}

/// The models by the names of their folders, the reference first.
struct LoadedModels {
  std::vector<std::unique_ptr<Gpt>> owned;
  std::vector<EvaluatedModel> evaluated;

  void add(const std::string& folder, DeviceKind device) {
    owned.push_back(load_any_model(folder));
    owned.back()->to(device);
    evaluated.push_back(NamedModel{folder, owned.back().get()}.evaluated());
  }
};

/// Ids of one tokenizer mean something else to the model of another.
void check_same_tokenizer(const Tokenizer& tokenizer, const std::string& reference, const std::string& folder) {
  if (tokenizer_sha256(load_model_tokenizer(folder)) != tokenizer_sha256(tokenizer)) {
    fail(ErrorKind::input, "{}: expected a model with the tokenizer of {}, got one with another", folder, reference);
  }
}

nlohmann::json as_json(const EvalArguments& arguments, const ScoredText& text, const std::vector<Evaluation>& found) {
  nlohmann::json models = nlohmann::json::array();
  for (const Evaluation& model : found) {
    models.push_back({{"checkpoint", model.name},
                      {"perplexity", model.perplexity},
                      {"nll", model.nll},
                      {"bits_per_byte", model.bits_per_byte},
                      {"accuracy", model.accuracy},
                      {"kl", model.kl.mean},
                      {"top1_agreement", model.top1_agreement}});
  }
  return {{"text", {{"file", arguments.text}, {"bytes", text.bytes}, {"tokens", text.tokens}}},
          {"protocol",
           {{"name", text.protocol},
            {"context", text.context},
            {"stride", text.stride},
            {"windows", text.windows.size()},
            {"scored_tokens", text.scored()},
            {"scored_bytes", found.front().bytes}}},
          {"models", models}};
}

std::string as_text(const EvalArguments& arguments, const ScoredText& text, const std::vector<Evaluation>& found) {
  std::vector<std::vector<std::string>> rows = {
      {"model", "perplexity", "bits/byte", "accuracy", "KL (nats)", "same best token"}};
  for (const Evaluation& model : found) {
    rows.push_back({model.name, fmt::format("{:.4f}", model.perplexity), fmt::format("{:.4f}", model.bits_per_byte),
                    fmt::format("{:.2f} %", 100 * model.accuracy), fmt::format("{:.5f}", model.kl.mean),
                    fmt::format("{:.2f} %", 100 * model.top1_agreement)});
  }
  if (found.size() == 1) {
    for (auto& row : rows) row.resize(4);  // the rest compares
  }
  return fmt::format("{}: {} bytes, {} tokens\nprotocol {}: {} windows of {} tokens, {} apart, {} positions scored\n{}",
                     arguments.text, text.bytes, text.tokens, text.protocol, text.windows.size(), text.context,
                     text.stride, text.scored(),
                     align_columns(rows, std::string_view("<>>>>>").substr(0, rows[0].size())));
}

}  // namespace

void eval_text(const CommonOptions& common, const EvalArguments& arguments) {
  if (!arguments.overrides.empty()) {
    fail(ErrorKind::config, "override {}: a model that is evaluated on a text has no configuration",
         arguments.overrides.front());
  }
  const Tokenizer tokenizer = load_model_tokenizer(arguments.config);
  const GptConfig config = read_model_description(arguments.config).config;
  std::int64_t context = config.context;
  for (const std::string& folder : arguments.against) {
    check_same_tokenizer(tokenizer, arguments.config, folder);
    context = std::min(context, read_model_description(folder).config.context);
  }
  const ScoredText text = cut_text(arguments, tokenizer, context);
  LoadedModels models;
  models.add(arguments.config, device_of(common));
  for (const std::string& folder : arguments.against) models.add(folder, device_of(common));
  const std::int64_t batch = tokens_at_once(EvaluateOptions().batch_tokens, config.vocabulary, kBytesPerLogit);
  const std::int64_t longest = text.windows.front().length();
  const std::int64_t at_once = std::max(batch, longest);  // a window is never divided
  const std::int64_t all = longest * static_cast<std::int64_t>(text.windows.size());
  constexpr double kLoaded = 0;  // the models are there already
  check_memory(evaluation_bytes(config, kLoaded, static_cast<double>(std::min(at_once, all))),
               fmt::format("--context: windows of {} tokens, each with {} logits,", longest, config.vocabulary));
  const EvaluateOptions options = {.batch_tokens = batch};
  const auto progress = make_progress(common);
  const std::vector<Evaluation> found = evaluate(models.evaluated, text.windows, options, *progress);
  if (common.json) {
    print_exactly(json_text(as_json(arguments, text, found), 2) + "\n");
  } else {
    print(as_text(arguments, text, found));
  }
}

}  // namespace octet
