#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "base/random.h"
#include "nn/gpt.h"
#include "nn/initialize.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer.h"
#include "train/trainer.h"

namespace octet {

/// A small task that trains in milliseconds: sentences of a few words, as bytes.
struct TrainingSample {
  Tokenizer tokenizer{train_bpe(std::span<const std::string_view>{}, kSmallestVocabulary)};
  TokenRuns train = {tokenizer.encode(sentences(0, 400)), tokenizer.encode(sentences(400, 300))};
  TokenRuns held_out = {tokenizer.encode(sentences(700, 100))};

  TrainData data() const {
    return {.train = train, .held_out = held_out, .tokenizer = tokenizer, .corpus_sha256 = "sample"};
  }

  static std::string sentences(std::uint64_t first, std::uint64_t count) {
    constexpr std::array<std::string_view, 8> kWords = {"the", "cat", "sat", "on", "a", "mat", "and", "slept"};
    const Random random(3, hash_name("sentences"));
    std::string text;
    for (std::uint64_t i = first; i < first + count; ++i) {
      text += std::string(kWords[random.below(i, kWords.size())]) + " ";
    }
    return text;
  }

  static GptConfig model_config() {
    GptConfig config;
    config.vocabulary = kSmallestVocabulary;
    config.context = 16;
    config.width = 16;
    config.layers = 2;
    config.heads = 2;
    config.hidden = 24;
    config.dropout = 0.1;
    return config;
  }

  static TrainConfig train_config(OptimizerKind kind = OptimizerKind::muon) {
    TrainConfig config;
    config.steps = 10;
    config.batch = 4;
    config.accumulation = 2;
    config.eval_every = 5;
    config.eval_tokens = 64;
    config.save_every = 4;
    config.optimizer.kind = kind;
    return config;
  }
};

/// One thread while it lives: models this small lose by more, above all on a busy machine.
class OneThread {
 public:
  OneThread() : before_(thread_count()) { set_thread_count(1); }
  ~OneThread() { set_thread_count(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// A model of this shape with initial weights.
struct FreshModel : Gpt {
  explicit FreshModel(const GptConfig& config = TrainingSample::model_config()) : Gpt(config) { initialize(*this, 1); }
};

}  // namespace octet
