#include "quant/entropy.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quant/gptq.h"
#include "quant/quantize_matrix.h"
#include "tensor/ops/matmul.h"
#include "tests/support/error_of.h"
#include "tests/support/random_tensor.h"

namespace octet::entropy_test {
namespace {

constexpr std::int64_t kRows = 200, kColumns = 150;

WeightScheme scheme_of(double bits, RoundingMethod method = RoundingMethod::automatic) {
  WeightScheme scheme;
  scheme.format = WeightFormat::entropy;
  scheme.granularity = Granularity::per_tensor;
  scheme.bits = bits;
  scheme.method = method;
  return scheme;
}

double squared_error(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.elements(); ++i) {
    const double error = static_cast<double>(a.data<float>()[i]) - static_cast<double>(b.data<float>()[i]);
    sum += error * error;
  }
  return sum;
}

/// sum (w - q)^2 / sum w^2
double relative_error(const Tensor& w, const AnyWeight& q) {
  return squared_error(w, dequantize(q)) / squared_error(w, Tensor::zeros(w.shape()));
}

/// Inputs (N, C) of columns that depend on each other and differ in size by a factor of 16.
Tensor some_inputs() {
  const Tensor mixing = random_tensor({kColumns, kColumns}, 5);
  for (std::int64_t i = 0; i < kColumns; ++i) {
    for (std::int64_t j = 0; j < kColumns; ++j) {
      float& value = mixing.data<float>()[i * kColumns + j];
      value = (0.05F * value + static_cast<float>(i == j)) * std::exp2(static_cast<float>(j % 5));
    }
  }
  return matmul(random_tensor({600, kColumns}, 6), mixing);
}

LayerMoments moments_of(const Tensor& x) {
  LayerMoments moments;
  moments.inputs.add(x);
  moments.mixed.add(x);
  return moments;
}

TEST(Entropy, BitsAreThoseOfTheBytesStored) {
  const Tensor w = random_tensor({kRows, kColumns}, 1);
  const LayerMoments inputs = moments_of(some_inputs());
  for (const RoundingMethod method : {RoundingMethod::automatic, RoundingMethod::gptq, RoundingMethod::qronos}) {
    for (const double bits : {1.0, 1.5, 2.0, 3.0, 3.14159, 4.0, 5.0}) {
      const AnyWeight weight = quantize_matrix(w, scheme_of(bits, method), &inputs).weight;
      EXPECT_LE(bits_per_weight(weight), bits) << enum_name(method);
      EXPECT_GE(bits_per_weight(weight), 0.99 * bits) << enum_name(method);
    }
  }
}

// The errors that a step for all and an ideal entropy coder make of normal numbers (Gish and Pierce 1968; the numbers
// by integration), and what the tables and states take of these bits.
TEST(Entropy, LosesWhatTheoryTells) {
  struct Point {
    double bits, error;
  };
  const Tensor w = random_tensor({512, 1024}, 2);
  for (const auto& [bits, error] : {Point{4.05, 0.0052}, {3.66, 0.0090}, {3.06, 0.0204}, {2.11, 0.0770}}) {
    EXPECT_NEAR(relative_error(w, quantize_matrix(w, scheme_of(bits))), error, 0.02 * error) << bits;
  }
}

TEST(Entropy, LosesLessThanInt4WithFewerBits) {
  const Tensor w = random_tensor({kRows, kColumns}, 3);
  WeightScheme int4;
  int4.bits = 4;
  int4.granularity = Granularity::per_group;
  const AnyWeight searched = quantize_matrix(w, int4), coded = quantize_matrix(w, scheme_of(4));
  EXPECT_LT(bits_per_weight(coded), bits_per_weight(searched) - 0.4);
  EXPECT_LT(relative_error(w, coded), relative_error(w, searched));
}

/// sum over the inputs of |(w - q) x|^2
double output_error(const Tensor& w, const Tensor& x, const WeightScheme& scheme) {
  const LayerMoments inputs = moments_of(x);
  return squared_error(matmul(x, w, false, true),
                       matmul(x, dequantize(quantize_matrix(w, scheme, &inputs).weight), false, true));
}

/// GPTQ on one step for all columns, at as many bits.
double output_error_with_one_step(const Tensor& w, const Tensor& x, double bits) {
  struct OneStep : EntropyRounder {
    using EntropyRounder::EntropyRounder;
    void fit(std::int64_t row, std::int64_t column, std::span<const float> values, std::span<const float>) override {
      EntropyRounder::fit(row, column, values, {});
    }
  };
  SecondMoments moments;
  moments.add(x);
  double low = -8, high = 4;  // the logarithm of the step
  AnyWeight weight =
      EntropyWeight({Tensor::zeros({1, 1}, DType::i8), Tensor::full({1}, 1.0F), 8, Granularity::per_tensor});
  while (high - low > 1e-3) {
    const double middle = (low + high) / 2;
    OneStep rounder(w.dim(0), w.dim(1), std::exp2(middle));
    gptq(w, moments, rounder);
    weight = rounder.weight();
    (bits_per_weight(weight) > bits ? low : high) = middle;
  }
  return squared_error(matmul(x, w, false, true), matmul(x, dequantize(weight), false, true));
}

// Measured: 0.39 times the error at 4 bits, 0.34 at 3, 0.23 at 2.
constexpr double kOneStep = 0.5;

TEST(Entropy, ColumnsThatCountMoreHaveSmallerSteps) {
  const Tensor w = random_tensor({kRows, kColumns}, 4), x = some_inputs();
  for (const double bits : {2.0, 3.0, 4.0}) {
    const double plain = output_error(w, x, scheme_of(bits)),
                 coded = output_error(w, x, scheme_of(bits, RoundingMethod::gptq)),
                 one_step = output_error_with_one_step(w, x, bits);
    EXPECT_LT(one_step, plain) << bits;
    EXPECT_LT(coded, kOneStep * one_step) << bits;
  }
}

TEST(Entropy, TakesFewerBitsWhereInt8HasNoFinerCodes) {
  const Tensor w = random_tensor({kRows, kColumns}, 7);
  const auto [weight, remark, low_rank] = quantize_matrix(w, scheme_of(8), nullptr);
  EXPECT_FALSE(low_rank.has_value());
  EXPECT_THAT(remark, testing::HasSubstr("bits because int8 has no finer codes"));
  EXPECT_EQ(quantize_matrix(w, scheme_of(4), nullptr).remark, "");
  EXPECT_LT(bits_per_weight(weight), 8);
  const auto codes = codes_of(weight).codes.span<std::int8_t>();
  EXPECT_THAT(codes, testing::Contains(testing::AnyOf(127, -127)));
  EXPECT_EQ(codes_of(weight).scales.item(), static_cast<float>(finest_step(w.span<float>())));
}

// 8 bytes of 1,024 weights are 6 % of a bit each: the search ends there, far from the finest codes.
TEST(Entropy, AFewBytesLessThanAskedForAreNoReasonToSayMore) {
  const Tensor w = random_tensor({32, 32}, 7);
  const QuantizedMatrixResult result = quantize_matrix(w, scheme_of(1.2), nullptr);
  EXPECT_LT(bits_per_weight(result.weight), 0.98 * 1.2);
  EXPECT_EQ(result.remark, "");
}

TEST(Entropy, AwkwardMatrices) {
  const Tensor zeros = Tensor::zeros({20, 30});
  EXPECT_EQ(dequantize(quantize_matrix(zeros, scheme_of(2))).to_vector(), zeros.to_vector());
  Tensor one_large = random_tensor({20, 30}, 8);
  one_large.data<float>()[77] = 1e6F;
  const AnyWeight weight = quantize_matrix(one_large, scheme_of(3));
  EXPECT_NEAR(dequantize(weight).data<float>()[77], 1e6, 1e4);
  EXPECT_THAT(error_of(ErrorKind::config,
                       [] {
                         quantize_matrix(Tensor::full({2, 3}, 1.0F), scheme_of(2));
                       }),
              testing::HasSubstr("expected a matrix that 2 bits per weight can store, got 2 x 3"));
  one_large.data<float>()[78] = NAN;
  EXPECT_THAT(error_of([&] { quantize_matrix(one_large, scheme_of(3)); }), testing::HasSubstr("nan"));
}

}  // namespace
}  // namespace octet::entropy_test
