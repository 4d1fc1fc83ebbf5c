// Gpt against the same model in plain loops (plain_gpt.h), through the files between them.
#include "tests/nn/plain_gpt.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "nn/files/model_file.h"
#include "tests/support/tiny_gpt.h"

namespace octet {
namespace {

// On |got - expected| / largest |expected|: FP32 against double, with weights of deviation 0.3.
constexpr double kLogits = 3e-6;  // measured at most 6e-7 on cpu-generic, cpu-avx2 and cpu-avx512vnni

double error_of(const GptConfig& config) {
  std::string folder = testing::TempDir() + "octet_plain_XXXXXX";
  ::mkdtemp(folder.data());
  Gpt model(config);
  fill_randomly(model, 3);
  save_model(folder, model);
  const Tensor ids = random_ids(1, config.context, config.vocabulary, 4);
  const Tensor got = model.forward(ids);  // (1, T, V)
  const auto span = ids.span<std::int32_t>();
  const plain::Rows expected = plain::Gpt(folder).logits({span.begin(), span.end()});
  std::filesystem::remove_all(folder);

  EXPECT_EQ(expected.size(), static_cast<std::size_t>(config.context));
  double largest = 0, error = 0;
  for (std::size_t t = 0; t < expected.size(); ++t) {
    EXPECT_EQ(expected[t].size(), static_cast<std::size_t>(config.vocabulary));
    for (std::size_t v = 0; v < expected[t].size(); ++v) {
      largest = std::max(largest, std::fabs(expected[t][v]));
      error = std::max(error, std::fabs(got.data<float>()[t * expected[t].size() + v] - expected[t][v]));
    }
  }
  return error / largest;
}

TEST(PlainGpt, AgreesWithGptOnEveryShape) {
  GptConfig tied_llama = tiny_llama(), own_head = tiny_gpt2(), biased = tiny_llama();
  biased.qkv_bias = biased.output_bias = biased.mlp_bias = true;
  tied_llama.tied_head = true;
  tied_llama.kv_heads = 0;
  tied_llama.rope_theta = 500.0;
  own_head.tied_head = false;
  own_head.norm_epsilon = 0.1;
  for (const GptConfig& config :
       {tiny_gpt2(), tiny_llama(), tied_llama, own_head, biased, with_head_options(tiny_gpt2()),
        with_head_options(tiny_llama()), with_clipped_softmax(tiny_gpt2()), with_clipped_softmax(tiny_llama())}) {
    EXPECT_LE(error_of(config), kLogits);
  }
}

}  // namespace
}  // namespace octet
