#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/layers/quantized_linear.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/matmul.h"
#include "tensor/ops/reduce.h"
#include "tensor/ops/view.h"
#include "tests/support/random_codebook.h"
#include "tests/support/random_tensor.h"

namespace octet::low_rank_layers_test {
namespace {

constexpr std::int64_t kRows = 19, kColumns = 45, kRank = 4;

Linear& random_linear() {
  static Linear layer(kColumns, kRows, true);
  layer.weight.set_value(random_tensor({kRows, kColumns}, 1));
  layer.bias->set_value(random_tensor({kRows}, 2));
  return layer;
}

LowRank random_low_rank() {
  return LowRank::quantize(random_tensor({kRows, kRank}, 6), random_tensor({kRank, kColumns}, 7));
}

AnyWeight int8_weight() {
  Codes codes{Tensor::empty({kRows, kColumns}, DType::i8), Tensor::full({kRows}, 0x1p-6F), 8, Granularity::per_channel};
  for (std::int64_t i = 0; i < codes.codes.elements(); ++i) {
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(i * 37 % 255 - 127);
  }
  return Int8Weight(codes);
}

std::vector<AnyWeight> some_weights() {
  return {int8_weight(), random_codebook(Codebook::nf4, kRows, kColumns, 16),
          random_codebook(Codebook::table4, kRows, kColumns, 16)};
}

// Sums in another order, for values of about 30. Measured at most 2e-6.
constexpr float kBound = 2e-5F;

auto near(const Tensor& expected) {
  return testing::Pointwise(testing::FloatNear(kBound), expected.to_vector());
}

// Also beside int8 activations it reads x as it is.
TEST(LowRankLayers, AddTheCorrectionBeforeWhatFollowsTheProduct) {
  const NoGrad no_grad;
  const Tensor x = random_tensor({2, 3, kColumns}, 4), residual = random_tensor({2, 3, kRows}, 5);
  const LowRank low_rank = random_low_rank();
  const Tensor thin = matmul(dequantize(low_rank.left()), dequantize(low_rank.right()));
  for (const AnyWeight& weight : some_weights()) {
    SCOPED_TRACE(describe(weight));
    for (const Activations kind : {Activations::weight_only, Activations::dynamic, Activations::outlier_split}) {
      if (kind != Activations::weight_only && !has_codes(weight)) {
        continue;
      }
      const auto plain = QuantizedLinear::from_linear(random_linear(), weight, kind);
      const auto corrected = QuantizedLinear::from_linear(random_linear(), weight, kind, low_rank);
      const Tensor y = add((*plain)(x), linear(x, thin));
      EXPECT_THAT((*corrected)(x).to_vector(), near(y));
      EXPECT_THAT((*corrected)(x, Nonlinearity::gelu).to_vector(), near(gelu(y)));
      EXPECT_THAT((*corrected)(x, Epilogue::plus(residual)).to_vector(), near(add(y, residual)));
    }
  }
}

TEST(LowRankLayers, LookUpRowsWithTheirCorrection) {
  const NoGrad no_grad;
  for (const AnyWeight& weight : some_weights()) {
    const QuantizedMatrix matrix(weight, Activations::weight_only, random_low_rank());
    const Tensor table = matrix.dequantized();
    const Tensor rows = matrix.lookup(Tensor::from<std::int32_t>({18, 0}, {1, 2}));
    EXPECT_EQ(rows.shape(), (Shape{1, 2, kColumns}));
    for (std::int64_t i = 0; i < kColumns; ++i) {
      EXPECT_NEAR(rows.data<float>()[i], table.data<float>()[18 * kColumns + i], kBound);
      EXPECT_NEAR(rows.data<float>()[kColumns + i], table.data<float>()[i], kBound);
    }
    EXPECT_EQ(matrix.bytes(), bytes(weight) + 2 * kRank * (kRows + kColumns));
    EXPECT_EQ(matrix.describe(), describe(weight) + " + rank 4, weight_only");
  }
}

TEST(LowRankLayers, GradientsFlowThroughTheCorrection) {
  Tensor x = random_tensor({3, kColumns}, 4);
  x.set_requires_grad(true);
  const auto layer =
      QuantizedLinear::from_linear(random_linear(), int8_weight(), Activations::weight_only, random_low_rank());
  backward(sum((*layer)(x)));
  const Tensor w = layer->matrix.dequantized();
  for (std::int64_t k = 0; k < kColumns; ++k) {
    double expected = 0;
    for (std::int64_t n = 0; n < kRows; ++n) {
      expected += static_cast<double>(w.data<float>()[n * kColumns + k]);
    }
    EXPECT_NEAR(x.grad().data<float>()[k], expected, kBound);
  }
}

TEST(LowRankLayers, RefuseACorrectionOfAnotherShape) {
  const LowRank wide = LowRank::quantize(Tensor::zeros({kRows, 1}), Tensor::zeros({1, kColumns + 1}));
  EXPECT_THAT([&] { QuantizedLinear::from_linear(random_linear(), int8_weight(), Activations::dynamic, wide); },
              testing::ThrowsMessage<Error>(
                  testing::HasSubstr("expected a low-rank correction of (19, 45), got one of (19, 46)")));
}

}  // namespace
}  // namespace octet::low_rank_layers_test
