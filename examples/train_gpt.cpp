// Trains a tiny GPT on a text, lets it write, and saves it: train_gpt TEXT [FOLDER]
#include <cstdio>

#include "base/files/read_file.h"
#include "nn/files/model_file.h"
#include "nn/generation/generate.h"
#include "nn/initialize.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer_file.h"
#include "train/batches.h"
#include "train/optim/make_optimizer.h"
#include "train/training_step.h"

using namespace octet;

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fprintf(stderr, "usage: train_gpt TEXT [FOLDER]\n");
    return 2;
  }
  const std::string text = read_text_file(argv[1]);
  const std::string_view texts[] = {text};
  const Tokenizer tokenizer(train_bpe(texts, 512));
  const TokenRuns runs = {tokenizer.encode(text)};

  GptConfig shape;  // a Llama of 0.2 million parameters
  shape.vocabulary = tokenizer.vocab_size();
  shape.context = 64;
  shape.width = 64;
  shape.layers = 2;
  shape.heads = 2;
  shape.hidden = 192;
  Gpt model(shape);
  initialize(model, /*seed=*/1);

  TrainConfig config;
  config.steps = 120;
  config.batch = 8;
  const auto optimizer = make_optimizer(model, config.optimizer);
  BatchSampler sampler(runs, shape.context, config.batch, /*seed=*/1);
  for (std::int64_t step = 0; step < config.steps; ++step) {
    const StepResult result = training_step(model, *optimizer, config, sampler.batch(step), step);
    if (step % 30 == 0) std::printf("step %3d  loss %.3f nats per token\n", static_cast<int>(step), result.loss);
  }

  SamplingOptions sampling;
  sampling.max_tokens = 60;
  const std::vector<std::int32_t> prompt = tokenizer.encode("The ");
  std::printf("The %s\n", tokenizer.decode(generate(model, prompt, sampling)).c_str());
  if (argc > 2) {
    save_model(argv[2], model);
    save_tokenizer(tokenizer, std::string(argv[2]) + "/tokenizer.json");
  }
} catch (const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
