#include "quant/text_loss.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tensor/autograd/node.h"
#include "tests/support/tiny_gpt.h"

namespace octet::text_loss_test {
namespace {

Tensor ids_of(Shape shape, const std::vector<std::int32_t>& ids) {
  Tensor tensor = Tensor::zeros(shape, DType::i32);
  std::copy(ids.begin(), ids.end(), tensor.data<std::int32_t>());
  return tensor;
}

/// By hand from the logits: -log softmax(logits of position t)[id of t + 1], summed.
double sum_by_hand(Gpt& model, const Tensor& ids) {
  const NoGrad no_grad;
  const Tensor logits = model.forward(ids);
  const std::int64_t rows = ids.dim(0), columns = ids.dim(1), vocabulary = logits.dim(2);
  double sum = 0.0;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t t = 0; t + 1 < columns; ++t) {
      const float* at = logits.data<float>() + (row * columns + t) * vocabulary;
      double total = 0.0;
      for (std::int64_t i = 0; i < vocabulary; ++i) {
        total += std::exp(static_cast<double>(at[i]));
      }
      sum += std::log(total) - static_cast<double>(at[ids.data<std::int32_t>()[row * columns + t + 1]]);
    }
  }
  return sum;
}

// FP32 sums of a few dozen tokens; measured 3e-8.
constexpr double kLossBound = 1e-6;

TEST(TextLoss, IsTheMeanOverAllBatchesOfThoseThatAreFollowed) {
  Gpt model(tiny_llama());
  fill_randomly(model, 3);
  const std::vector<Tensor> batches = {ids_of({2, 3}, {1, 2, 3, 4, 5, 6}), ids_of({1, 4}, {6, 5, 1, 2})};
  const double expected = (sum_by_hand(model, batches[0]) + sum_by_hand(model, batches[1])) / (2 * 2 + 3);
  EXPECT_NEAR(text_loss(model, batches), expected, kLossBound);
}

TEST(TextLoss, RefusesWhatHasNothingToPredict) {
  Gpt model(tiny_llama());
  EXPECT_THAT([&] { text_loss(model, {}); }, testing::ThrowsMessage<Error>(testing::HasSubstr("at least one batch")));
  const std::vector<Tensor> one = {ids_of({1, 1}, {0})};
  EXPECT_THAT([&] { text_loss(model, one); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("expected rows of two ids or more")));
}

}  // namespace
}  // namespace octet::text_loss_test
