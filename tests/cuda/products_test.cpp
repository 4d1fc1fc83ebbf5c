#include "tensor/cuda/gemm/products.h"

#include <array>
#include <functional>

#include <gmock/gmock.h>

#include "base/error.h"
#include "tensor/cuda_simulator/host_product.h"
#include "tests/cuda/gemm_sample.h"

namespace octet::cuda::products_test {
namespace {

using testing::HasSubstr;

TEST(Products, ColumnMajorGivesTheRowMajorResult) {
  for (const auto& [m, n, k] : {std::array{1, 1, 1}, {2, 3, 4}, {5, 1, 7}, {1, 6, 3}, {9, 8, 1}, {7, 5, 11}}) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        SCOPED_TRACE(fmt::format("{} x {} x {}, transposed: {} {}", m, n, k, transpose_a, transpose_b));
        GemmSample sample(transpose_a, transpose_b, m, n, k, 3);
        const std::vector<float> expected = sample.expected();
        const LtProduct product = column_major(sample.args);
        check_product(product);
        multiply_on_host(product);
        EXPECT_EQ(sample.c, expected);  // with the gaps, which stay
      }
    }
  }
}

TEST(Products, ColumnMajorAddsTheResidual) {
  GemmSample sample(false, true, 5, 3, 4);
  sample.add_residual();
  const std::vector<float> expected = sample.expected();
  multiply_on_host(column_major(sample.args));
  EXPECT_EQ(sample.c, expected);
}

TEST(Products, SumsOfBGoAlongK) {
  GemmSample sample(true, false, 5, 3, 4);  // of a product row-major its A, (4, 5) as stored
  LtProduct product = column_major(sample.args);
  std::vector<float> sums(5), expected(5);
  for (std::size_t m = 0; m < 5; ++m) {
    for (std::size_t k = 0; k < 4; ++k) {
      expected[m] += sample.a[k * static_cast<std::size_t>(sample.args.lda) + m];
    }
  }
  product.sums_of_b = sums.data();
  check_product(product);
  multiply_on_host(product);
  EXPECT_EQ(sums, expected);
}

TEST(Products, ColumnMajorTakesTheMathMode) {
  const GemmSample sample(false, true, 2, 3, 4);
  EXPECT_EQ(math_mode(), MathMode::fp32);
  for (const MathMode mode : {MathMode::tf32, MathMode::bf16, MathMode::fp32}) {
    set_math_mode(mode);
    EXPECT_EQ(column_major(sample.args).math, mode);
  }
}

TEST(Products, OperandsAreRoundedToTheBitsOfTheMathMode) {
  const float a = 1.0F + 0x1p-7F + 0x1p-10F + 0x1p-12F;
  for (const auto& [mode, expected] :
       {std::pair{MathMode::fp32, a}, {MathMode::tf32, 1.0F + 0x1p-7F + 0x1p-10F}, {MathMode::bf16, 1.0F + 0x1p-7F}}) {
    EXPECT_EQ(rounded(a, mode), expected);
    EXPECT_EQ(rounded(-a, mode), -expected);
  }
  EXPECT_EQ(rounded(1.0F + 0x1p-11F, MathMode::tf32), 1.0F);                            // a tie goes to the even one,
  EXPECT_EQ(rounded(1.0F + 0x1p-10F + 0x1p-11F, MathMode::tf32), 1.0F + 0x1p-9F);       // which may be above
  EXPECT_TRUE(std::isnan(rounded(std::bit_cast<float>(0x7F800001U), MathMode::bf16)));  // not infinity
}

TEST(Products, Int8IsTransposedNotTransposed) {
  constexpr std::int64_t kM = 3, kN = 8, kK = 12, kStride = 16;
  const auto x = whole_numbers<std::int8_t>(kM * kStride, 1), w = whole_numbers<std::int8_t>(kN * kStride, 2);
  std::vector<std::int32_t> y(kM * kN), expected;
  for (std::size_t m = 0; m < kM; ++m) {
    for (std::size_t n = 0; n < kN; ++n) {
      expected.push_back(0);
      for (std::size_t k = 0; k < kK; ++k) {
        expected.back() += x[m * kStride + k] * w[n * kStride + k];
      }
    }
  }
  const LtProduct product = int8_product(kM, kN, kK, x.data(), w.data(), kStride, y.data());
  multiply_on_host(product);
  EXPECT_EQ(y, expected);
  EXPECT_EQ(describe(product), "int8 TN, m 8, n 3, k 12, lda 16, ldb 16, ldd 8");
  check_product(product);
}

/// The message of check_product after `damage` to a product that is right.
std::string message_of(LtProduct product, const std::function<void(LtProduct&)>& damage) {
  check_product(product);
  damage(product);
  try {
    check_product(product);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Products, LeadingDimensionsBelowTheRowsAreRefused) {
  GemmSample sample(false, true, 2, 3, 4);  // column-major: A (4, 3) transposed, B (4, 2), D (3, 2)
  const LtProduct right = column_major(sample.args);
  EXPECT_EQ(message_of(right, [](LtProduct& p) { p.lda = 3; }),
            "[product] expected lda of at least 4, the rows of its matrix, got f32 TN, m 3, n 2, k 4, lda 3, ldb 5, "
            "ldd 6");
  EXPECT_THAT(message_of(right, [](LtProduct& p) { p.ldb = 3; }), HasSubstr("expected ldb of at least 4"));
  EXPECT_THAT(message_of(right, [](LtProduct& p) { p.ldd = 2; }), HasSubstr("expected ldd of at least 3"));
  EXPECT_THAT(message_of(right,
                         [](LtProduct& p) {
                           p.transpose_b = true;
                           p.n = 6;
                         }),
              HasSubstr("expected ldb of at least 6"));
  EXPECT_THAT(message_of(right, [](LtProduct& p) { p.lda = p.ldb = p.ldd = 4; }), "no error");
}

TEST(Products, SumsOfBAreForOneMatrixOfFloatsWithoutABias) {
  const GemmSample sample(false, true, 2, 3, 4);
  std::vector<float> sums(2);
  LtProduct right = column_major(sample.args);
  right.sums_of_b = sums.data();
  EXPECT_THAT(message_of(right, [&](LtProduct& p) { p.bias = sums.data(); }), HasSubstr("no bias and one matrix with"));
  EXPECT_THAT(message_of(right, [](LtProduct& p) { p.batch = 2; }), HasSubstr("no bias and one matrix with"));
  EXPECT_THAT(message_of(right, [](LtProduct& p) { p.type = LtProduct::Type::int8; }), HasSubstr("for int8"));
}

TEST(Products, SizesBelowOneAreRefused) {
  const GemmSample sample(true, true, 2, 3, 4, 3);
  const LtProduct right = column_major(sample.args);
  EXPECT_EQ(message_of(right, [](LtProduct& p) { p.k = 0; }),
            "[product] expected sizes of at least 1, got f32 TT, m 3, n 2, k 0, lda 6, ldb 3, ldd 6, batch 3 at 23, "
            "16, 18");
  EXPECT_THAT(message_of(right, [](LtProduct& p) { p.batch = -1; }), HasSubstr("expected sizes of at least 1"));
}

TEST(Products, Int8HasRules) {
  alignas(16) const std::int8_t codes[64] = {};
  alignas(16) std::int32_t y[64];
  const LtProduct right = int8_product(4, 4, 8, codes, codes, 12, y);
  const auto message = [&](const std::function<void(LtProduct&)>& damage) { return message_of(right, damage); };
  EXPECT_THAT(message([](LtProduct& p) { p.transpose_b = true; }),
              HasSubstr("expected the form TN for int8, got int8 TT"));
  EXPECT_THAT(message([](LtProduct& p) { p.transpose_a = false; }), HasSubstr("got int8 NN"));
  EXPECT_THAT(message([](LtProduct& p) { p.m = 3; }), HasSubstr("expected m to be a multiple of 4 for int8, got 3 in"));
  EXPECT_THAT(message([](LtProduct& p) { p.k = 7; }), HasSubstr("expected k to be a multiple of 4"));
  EXPECT_THAT(message([](LtProduct& p) { p.lda = 13; }), HasSubstr("expected lda to be a multiple of 4"));
  EXPECT_THAT(message([](LtProduct& p) { p.ldb = 14; }), HasSubstr("expected ldb to be a multiple of 4"));
  EXPECT_THAT(message([](LtProduct& p) { p.ldd = 5; }), HasSubstr("expected ldd to be a multiple of 4"));
  EXPECT_THAT(message([](LtProduct& p) { p.stride_b = 2; }), HasSubstr("expected stride_b to be a multiple of 4"));
  EXPECT_THAT(message([&](LtProduct& p) { p.a = codes + 4; }),
              HasSubstr("expected the address of A to be a multiple of 16"));
  EXPECT_THAT(message([&](LtProduct& p) { p.b = codes + 8; }), HasSubstr("expected the address of B"));
  EXPECT_THAT(message([&](LtProduct& p) { p.d = y + 1; }), HasSubstr("expected the address of D"));
  EXPECT_THAT(message([](LtProduct& p) { p.alpha = 2.0F; }),
              HasSubstr("expected alpha 1 and beta 0 for int8, got 2 and 0"));
  EXPECT_THAT(message([](LtProduct& p) { p.beta = 1.0F; }), HasSubstr("expected alpha 1 and beta 0"));
  const float bias[4] = {};
  EXPECT_THAT(message([&](LtProduct& p) { p.bias = bias; }), HasSubstr("expected no bias for int8"));
  EXPECT_EQ(message([](LtProduct& p) { p.n = 1; }), "no error");  // rows of activations are free
}

}  // namespace
}  // namespace octet::cuda::products_test
