#include "cli/text_stage.h"

#include <algorithm>

#include "base/format.h"
#include "base/shown_text.h"
#include "eval/score/tokens_at_once.h"
#include "eval/score/window_batches.h"
#include "nn/files/model_tokenizer.h"
#include "text/seen_text.h"
#include "train/checkpoint.h"

namespace octet {
namespace {

constexpr std::size_t kNamedFiles = 3;

/// Names what a folder holds beside text: someone may miss it.
void name_left_out(const Corpus& corpus, ProgressSink& progress) {
  const std::size_t count = corpus.left_out.size();
  for (std::size_t i = 0; i < std::min(count, kNamedFiles); ++i) {
    progress.note("left out: " + shown_text(corpus.left_out[i]));
  }
  if (count > kNamedFiles) progress.note(fmt::format("left out: {} files in all", count));
}

/// Tokens that a window of each part must have room for. Training reads the model's context; a given model, which may
/// take far more than the text has, reads what evaluation wants.
std::int64_t window_of(const RunConfig& config) {
  return config.checkpoint.empty() ? config.model.context : config.eval.context_of(config.model);
}

RunText tokenized(Run& run, Corpus corpus, Tokenizer tokenizer) {
  TokenizedCorpus tokens = tokenize(corpus, tokenizer);
  check_corpus_fits(tokens, window_of(run.config));
  run.config.model.vocabulary = tokenizer.vocab_size();
  return {std::move(corpus), std::move(tokenizer), std::move(tokens)};
}

/// Equal files and blocks are in one part, but a text may come twice with other line ends, or shifted.
void note_seen(const Corpus& corpus, ProgressSink& progress) {
  std::int64_t bytes = 0;
  for (const TextRun& run : corpus.split.test) {
    bytes += run.size();
  }
  const double share =
      static_cast<double>(corpus.test_bytes_seen) / static_cast<double>(std::max<std::int64_t>(bytes, 1));
  if (share > kMostSeenShare) {
    progress.note(fmt::format(
        "note: {:.1f} % of the test text stand in the training text too (passages of {} bytes and more): results will "
        "look better than they are on new text",
        100.0 * share, 2 * kSeenWindow - 1));
  }
}

/// The corpus, and on `progress` what is odd about it.
Corpus read_corpus(const Run& run, ProgressSink& progress) {
  Corpus corpus = load_corpus(run.config.corpus);
  name_left_out(corpus, progress);
  note_seen(corpus, progress);
  check_corpus_fits(corpus, window_of(run.config));
  return corpus;
}

RunText described(RunText text, ProgressSink& progress) {
  progress.note(fmt::format("corpus {}: {}, {} tokens of {:.2f} bytes, vocabulary {}", text.corpus.name,
                            format_bytes(text.corpus.text.size()),
                            format_count(static_cast<double>(text.tokens.train.tokens + text.tokens.calibration.tokens +
                                                             text.tokens.test.tokens)),
                            text.tokens.bytes_per_token(), text.tokenizer.vocab_size()));
  return text;
}

}  // namespace

RunText learn_text(Run& run, ProgressSink& progress) {
  Corpus corpus = read_corpus(run, progress);
  Tokenizer tokenizer(train_bpe(corpus, run.config.model.vocabulary, progress));
  return described(tokenized(run, std::move(corpus), std::move(tokenizer)), progress);
}

RunText text_for_model(Run& run, const std::filesystem::path& checkpoint, ProgressSink& progress) {
  Tokenizer tokenizer = load_model_tokenizer(checkpoint);
  return described(tokenized(run, read_corpus(run, progress), std::move(tokenizer)), progress);
}

RunText load_text(Run& run) {
  const std::filesystem::path checkpoint = run.best_checkpoint();
  const TrainerState state = read_trainer_state(checkpoint);
  check_best(run);
  Corpus corpus = load_corpus(run.config.corpus);
  if (corpus.sha256 != state.corpus_sha256) {
    fail(ErrorKind::input, "{}: expected the text that {} was trained on (sha256 {}), got another one (sha256 {})",
         corpus.path, checkpoint.string(), state.corpus_sha256, corpus.sha256);
  }
  check_same_split(checkpoint, state.split, record_split(run.config.corpus, corpus));
  return tokenized(run, std::move(corpus), load_model_tokenizer(checkpoint));
}

std::vector<Tensor> calibration_batches(const RunText& text, const CalibrationConfig& config,
                                        std::int64_t model_context) {
  constexpr std::int64_t kMostTokens = 4096;  // of a batch
  const std::int64_t context = config.context_of(model_context);
  return input_batches(pick_windows(evaluation_windows(text.tokens.calibration.runs, text.tokenizer, context, context),
                                    config.windows, static_cast<std::uint64_t>(config.seed)),
                       tokens_at_once(kMostTokens, text.tokenizer.vocab_size()));
}

void check_best(const Run& run) {
  const std::filesystem::path checkpoint = run.best_checkpoint();
  check_weights(checkpoint);
  check_same_split(checkpoint, read_trainer_state(checkpoint).split, split_settings(run.config.corpus));
}

}  // namespace octet
