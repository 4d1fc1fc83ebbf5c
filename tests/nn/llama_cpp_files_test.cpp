#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/read_file.h"
#include "io/gguf.h"
#include "nn/export/imatrix.h"
#include "nn/export/kld_base.h"
#include "nn/observe.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_gpt.h"

namespace octet::llama_cpp_files_test {
namespace {

const TokenWindows kWindows = {{3, 1, 4, 1, 5, 9, 2}, {6, 5, 3, 5, 8, 9, 7}, {9, 3, 2, 3, 8, 4, 6}};

Tensor input(const std::vector<std::int32_t>& window) {
  return Tensor::from(window, {1, static_cast<std::int64_t>(window.size())});
}

TEST(Imatrix, HoldsTheSumsOfSquaresOfInputs) {
  const sample::TemporaryFolder folder;
  NullProgress silent;
  Gpt model(tiny_llama());
  fill_randomly(model, 2);
  EXPECT_EQ(export_imatrix(folder.path() / "i.gguf", model, kWindows, "text.txt", "octet", silent), 2 * 7 + 1);
  std::map<std::string, std::vector<double>> expected;
  for (const auto& window : kWindows) {
    const Tensor ids = input(window);
    observe_inputs(model, std::span(&ids, 1), [&](const std::string& path, const Tensor& x) {
      std::vector<double>& sums = expected[path];
      sums.resize(static_cast<std::size_t>(x.dim(-1)));
      const std::vector<float> values = x.to_vector();
      for (std::size_t i = 0; i < values.size(); ++i) sums[i % sums.size()] += std::pow(values[i], 2);
    });
  }
  const GgufFile file(folder.path() / "i.gguf");
  EXPECT_EQ(file.text("general.type"), "imatrix");
  EXPECT_EQ(file.texts("imatrix.datasets"), std::vector<std::string>{"text.txt"});
  EXPECT_EQ(file.integer("imatrix.chunk_count"), 3);
  EXPECT_EQ(file.integer("imatrix.chunk_size"), 7);
  std::map<std::string, std::vector<float>> found;
  for (const GgufTensor& tensor : file.tensors()) {
    found[tensor.name] = file.read(tensor).to_vector();
    if (!tensor.name.ends_with(".counts")) continue;
    EXPECT_EQ(found[tensor.name], std::vector<float>{21}) << tensor.name;
  }
  const std::map<std::string, std::string> layers = {{"blk.0.attn_k.weight", "blocks.0.attention.qkv"},
                                                     {"blk.1.ffn_down.weight", "blocks.1.mlp.down"},
                                                     {"output.weight", "head"}};
  for (const auto& [name, layer] : layers) {
    const std::vector<float>& sums = found.at(name + ".in_sum2");
    ASSERT_EQ(sums.size(), expected.at(layer).size()) << name;
    for (std::size_t i = 0; i < sums.size(); ++i) EXPECT_FLOAT_EQ(sums[i], static_cast<float>(expected[layer][i]));
  }
}

TEST(KldBase, HoldsTheLogProbabilitiesOfTheSecondHalf) {
  constexpr float kLargestRounding = 16.0F / 65535.0F;  // half a step, and as much for FP32
  const sample::TemporaryFolder folder;
  NullProgress silent;
  Gpt model(tiny_llama());  // 23 tokens: an odd number
  fill_randomly(model, 2);
  export_kld_base(folder.path() / "base", model, kWindows, silent);
  const std::string bytes = read_text_file(folder.path() / "base");
  const std::size_t head = 8 + 4 * (3 + 3 * 7), row = 2 * (4 + 24);
  ASSERT_EQ(bytes.size(), head + 3 * 3 * row);
  EXPECT_EQ(bytes.substr(0, 8), "_logits_");
  std::vector<std::int32_t> numbers(24);
  std::memcpy(numbers.data(), bytes.data() + 8, 4 * numbers.size());
  EXPECT_THAT(std::vector<std::int32_t>(numbers.begin(), numbers.begin() + 3), testing::ElementsAre(7, 23, 3));
  EXPECT_EQ(std::vector<std::int32_t>(numbers.begin() + 17, numbers.end()), kWindows[2]);
  for (std::size_t window = 0; window < 3; ++window) {
    const std::vector<float> logits = model.forward(input(kWindows[window])).to_vector();
    for (std::size_t i = 0; i < 3; ++i) {
      const char* at = bytes.data() + head + (3 * window + i) * row;
      float step = 0.0F, lowest = 0.0F;
      std::memcpy(&step, at, 4);
      std::memcpy(&lowest, at + 4, 4);
      const float* of_position = logits.data() + (3 + i) * 23;
      double sum = 0.0;
      for (int v = 0; v < 23; ++v) sum += std::exp(of_position[v]);
      for (int v = 0; v < 23; ++v) {
        std::uint16_t code = 0;
        std::memcpy(&code, at + 8 + 2 * v, 2);
        EXPECT_NEAR(lowest + step * code, of_position[v] - std::log(sum), kLargestRounding);
      }
    }
  }
}

}  // namespace
}  // namespace octet::llama_cpp_files_test
