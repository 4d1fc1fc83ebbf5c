#include <fstream>
#include <sstream>

#include "eval/speed/bench_formats.h"
#include "nn/generation/decode_step.h"
#include "quant/apply_recipe.h"
#include "tensor/autograd/node.h"
#include "tests/cuda/cuda_test.h"
#include "tests/support/tiny_gpt.h"

// Kernels, products and copies that a token of generation and a step of training start: the table of docs/cuda.md.

namespace octet::simulator_launches_test {
namespace {

using Started = std::map<std::string, int>;

GptConfig config_of(Architecture architecture, std::int64_t layers) {
  GptConfig config = architecture == Architecture::gpt2 ? tiny_gpt2() : tiny_llama();
  config.layers = layers;
  config.width = 32;  // a multiple of 8, as is usual: nothing is padded
  config.heads = 4;
  config.hidden = 64;
  return config;
}

std::unique_ptr<Gpt> model_of(const GptConfig& config, const std::string& format) {
  auto model = std::make_unique<Gpt>(config);
  fill_randomly(*model, 1);
  model->to(DeviceKind::cuda);
  const BenchFormat found = find_bench_formats({format}).back();
  if (found.recipe) {
    apply_recipe(*model, *found.recipe, {});
  }
  return model;
}

/// What the second token starts: the first one makes the record.
Started started_by_a_token(const GptConfig& config, const std::string& format) {
  const NoGrad no_grad;
  const std::unique_ptr<Gpt> model = model_of(config, format);
  KvCache cache(config, 1, KvFormat::f32, DeviceKind::cuda);
  DecodeStep step(*model, cache);
  const Tensor ids = Tensor::from<std::int32_t>({3}, {1, 1});
  step(ids);
  simulator::started.clear();
  step(ids);
  return simulator::started;
}

/// What the loss of a batch and its gradients start.
Started started_by_a_batch(const GptConfig& config) {
  const std::unique_ptr<Gpt> model = model_of(config, "fp32");
  const Tensor ids = Tensor::from<std::int32_t>({3, 1, 2}, {1, 3}),
               targets = Tensor::from<std::int32_t>({1, 2, 0}, {1, 3});
  simulator::started.clear();
  backward(model->loss(ids, targets, {.training = true}));
  return simulator::started;
}

int sum_of(const Started& started) {
  int sum = 0;
  for (const auto& [name, count] : started) {
    sum += count;
  }
  return sum;
}

std::string text_of(const Started& started) {
  std::string text;
  for (const auto& [name, count] : started) {
    text += fmt::format("{} {}, ", count, name);
  }
  return text;
}

/// The row of the table in docs/cuda.md that begins with `name`: its numbers of a layer and of the rest of a token.
std::pair<int, int> documented(const std::string& name) {
  std::ifstream file(OCTET_SOURCE_DIR "/docs/cuda.md");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| " + name + " |")) {
      std::istringstream numbers(line.substr(name.size() + 4));
      int layer = 0, rest = 0;
      char bar = 0;
      numbers >> layer >> bar >> rest;
      return {layer, rest};
    }
  }
  return {0, 0};
}

TEST(SimulatorLaunches, ATokenStartsWhatTheTableSays) {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    for (const std::string format : {"fp32", "int8", "int4", "int4-weight-only"}) {
      const std::string name = fmt::format("{}, {}", enum_name(architecture), format);
      SCOPED_TRACE(name);
      const Started two = started_by_a_token(config_of(architecture, 2), format);
      const Started three = started_by_a_token(config_of(architecture, 3), format);
      const int layer = sum_of(three) - sum_of(two);
      EXPECT_EQ(documented(name), (std::pair{layer, sum_of(two) - 2 * layer}))
          << "two layers: " << text_of(two) << "three: " << text_of(three);
    }
  }
}

TEST(SimulatorLaunches, ABatchOfTrainingStartsWhatTheTableSays) {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    const std::string name = fmt::format("{}, training", enum_name(architecture));
    SCOPED_TRACE(name);
    const Started two = started_by_a_batch(config_of(architecture, 2));
    const Started three = started_by_a_batch(config_of(architecture, 3));
    const int layer = sum_of(three) - sum_of(two);
    EXPECT_EQ(documented(name), (std::pair{layer, sum_of(two) - 2 * layer}))
        << "two layers: " << text_of(two) << "three: " << text_of(three);
    EXPECT_EQ(two.at("cross_entropy"), 1);
    EXPECT_EQ(two.at("cross_entropy_backward"), 1);
  }
}

}  // namespace
}  // namespace octet::simulator_launches_test
