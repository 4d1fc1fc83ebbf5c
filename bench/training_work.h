#pragma once

#include <cstdint>
#include <memory>

#include "nn/gpt.h"
#include "train/training_step.h"

// A model that is trained on random tokens, to time its steps or to look into one.

namespace octet::bench {

/// GPT-2 124M but for the vocabulary, 50257 rounded up to a multiple of 64, as is usual: rows of logits begin at
/// addresses that tensor cores like.
inline constexpr const char* kGpt2Shape =
    "architecture=gpt2,vocabulary=50304,context=1024,width=768,layers=12,heads=12,hidden=3072,tied_head=true";

/// `rows` texts of a whole context.
Batch random_batch(const GptConfig& model, std::int64_t rows);

/// A model on the GPU with AdamW, and how to train it.
struct TrainingWork {
  TrainingWork(const GptConfig& config, std::int64_t batch);

  Gpt model;
  TrainConfig train;
  std::unique_ptr<Optimizer> optimizer;
};

}  // namespace octet::bench
