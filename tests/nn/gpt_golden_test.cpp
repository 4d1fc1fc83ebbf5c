#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "base/config/config.h"
#include "io/safetensors.h"
#include "nn/gpt.h"
#include "tensor/autograd/node.h"
#include "tests/support/relative_error.h"

// Octet against Hugging Face transformers in double precision: scripts/golden/gpt.py makes the files.

namespace octet::gpt_golden_test {
namespace {

// On |got - expected| / largest |expected| of the tensor. What remains is FP32 against double.
// Measured on cpu-generic, cpu-avx2 and cpu-avx512vnni, the largest of both models and all parameters.
constexpr double kLogits = 3e-6;     // measured 6.3e-7
constexpr double kLoss = 1e-6;       // measured below 6e-8, the last digit of a float
constexpr double kGradients = 1e-5;  // measured 2.1e-6

class GoldenGpt : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Shapes, GoldenGpt, testing::Values("gpt2", "llama"),
                         [](const auto& suite) { return std::string(suite.param); });

TEST_P(GoldenGpt, LogitsLossAndGradients) {
  const std::string path = std::string(OCTET_SOURCE_DIR "/tests/golden/") + GetParam() + ".safetensors";
  const SafetensorsFile golden = SafetensorsFile::read(path);
  Gpt model(parse_config<GptConfig>(golden.metadata().at("config"), path));
  for (const auto& [name, parameter] : model.parameters()) {
    parameter->set_value(golden.at("weight/" + name));
  }

  const Tensor logits = model.forward(golden.at("ids"));
  ASSERT_EQ(logits.shape(), golden.at("logits").shape());
  EXPECT_LE(relative_error(logits, golden.at("logits")), kLogits);

  const Tensor loss = model.loss(golden.at("ids"), golden.at("targets"));
  EXPECT_LE(relative_error(loss, golden.at("loss")), kLoss);

  backward(loss);
  for (const auto& [name, parameter] : model.parameters()) {
    const Tensor& expected = golden.at("gradient/" + name);
    ASSERT_EQ(parameter->value().grad().shape(), expected.shape()) << name;
    EXPECT_LE(relative_error(parameter->value().grad(), expected), kGradients) << name;
  }
}

}  // namespace
}  // namespace octet::gpt_golden_test
