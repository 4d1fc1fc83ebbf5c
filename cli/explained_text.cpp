#include "cli/explained_text.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/files/read_file.h"
#include "cli/text_stage.h"
#include "eval/score/tokens_at_once.h"
#include "eval/score/window_batches.h"
#include "eval/test_windows.h"
#include "nn/files/model_tokenizer.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMostBatchTokens = 4096;

OutlierLabText text_of_file(const std::string& file, const std::string& model, const GptConfig& shape) {
  const Tokenizer tokenizer = load_model_tokenizer(model);
  std::vector<std::int32_t> ids = tokenizer.encode(read_text_stream(file));
  if (const auto begin = tokenizer.begin_of_text()) ids.insert(ids.begin(), *begin);
  const std::int64_t context = std::min(shape.context, kUsualContext);
  if (static_cast<std::int64_t>(ids.size()) <= 3 * context) {
    fail(ErrorKind::input, "{}: expected a text of more than {} tokens, three windows of {}, got {}", file, 3 * context,
         context, ids.size());
  }
  OutlierLabText text;
  auto others = std::make_shared<std::vector<Window>>();
  std::vector<Window> all = evaluation_windows({ids}, tokenizer, context, context);
  for (std::size_t i = 0; i < all.size(); ++i) {
    (i % 2 == 0 ? text.windows : *others).push_back(std::move(all[i]));
  }
  const std::int64_t batch = tokens_at_once(kMostBatchTokens, shape.vocabulary);
  text.calibration = [others, batch](const CalibrationConfig& config) {
    return input_batches(pick_windows(*others, config.windows, static_cast<std::uint64_t>(config.seed)), batch);
  };
  return text;
}

OutlierLabText text_of_run(const CommonOptions& common, const std::string& folder, const GptConfig& shape) {
  auto run = std::make_shared<Run>(read_run(common, {folder, {}}));
  auto text = std::make_shared<RunText>(load_text(*run));
  EvalConfig eval = run->config.eval;
  eval.context = std::min(eval.context_of(shape), kUsualContext);
  eval.stride = 0;
  return {.windows = test_windows(text->tokens.test.runs, text->tokenizer, eval, shape, 0),
          .calibration = [text, shape](const CalibrationConfig& config) {
            return calibration_batches(*text, config, shape.context);
          }};
}

bool is_run(const std::string& folder) {
  std::error_code ignored;
  return fs::exists(fs::path(folder) / "config.yaml", ignored) &&
         fs::is_directory(fs::path(folder) / "checkpoints", ignored);
}

}  // namespace

OutlierLabText explained_text(const CommonOptions& common, const ExplainArguments& arguments, const std::string& model,
                              const GptConfig& shape) {
  if (!arguments.text.empty()) return text_of_file(arguments.text, model, shape);
  if (is_run(arguments.checkpoint)) return text_of_run(common, arguments.checkpoint, shape);
  fail(ErrorKind::config, "octet explain: expected a run folder, whose corpus the model reads, or --text FILE, got {}",
       arguments.checkpoint);
}

}  // namespace octet
