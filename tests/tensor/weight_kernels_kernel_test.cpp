#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/formats/any_weight.h"
#include "tensor/half.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/unpack_rows.h"
#include "tensor/ops/weight_linear.h"
#include "tests/support/random_codebook.h"
#include "tests/support/random_trellis.h"
#include "tests/tensor/every_backend.h"

namespace octet::weight_kernels_kernel_test {
namespace {

struct Case {
  std::int64_t m, n, k, group;
};

class WeightKernels : public EveryBackend {};

Codes random_codes(const Case& c, int bits) {
  Codes codes{Tensor::empty({c.n, c.k}, DType::i8), {}, bits, Granularity::per_group, c.group};
  const Random random(1);
  const auto limit = static_cast<std::uint64_t>(largest_code(bits));
  for (std::int64_t i = 0; i < c.n * c.k; ++i) {
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(
        static_cast<int>(random.below(static_cast<std::uint64_t>(i), 2 * limit + 1)) - static_cast<int>(limit));
  }
  codes.scales = Tensor::empty(scales_shape(c.n, c.k, Granularity::per_group, c.group));
  for (std::int64_t i = 0; i < codes.scales.elements(); ++i) {
    // Multiples of 2^-10 below 1 are exact in FP16.
    codes.scales.data<float>()[i] = static_cast<float>(1 + random.below(static_cast<std::uint64_t>(i), 40)) * 0x1p-10F;
  }
  return codes;
}

/// Codes of the grid with a minimum: from 0 to 2^bits - 1.
Codes codes_with_minimum(const Case& c, int bits) {
  Codes codes = random_codes(c, bits);
  for (std::int8_t& code : codes.codes.span<std::int8_t>()) {
    code = static_cast<std::int8_t>(code + largest_code(bits) + (code > 0));
  }
  codes.minimums = codes.scales.clone();
  for (std::int64_t i = 0; i < codes.minimums.elements(); ++i) {
    codes.minimums.data<float>()[i] = static_cast<float>(i % 50 - 40) * 0x1p-8F;
  }
  return codes;
}

/// Every E4M3 number but NaN, with scales from 2^-8 to 2^-6.
Fp8Weight random_fp8(const Case& c) {
  Tensor codes = Tensor::empty({c.n, c.k}, DType::u8), scales = Tensor::empty({c.n}, DType::u8);
  for (std::int64_t i = 0; i < codes.elements(); ++i) {
    codes.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i % 127 + 128 * (i % 2));
  }
  for (std::int64_t i = 0; i < c.n; ++i) {
    scales.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(119 + i % 3);
  }
  return {codes, scales};
}

std::vector<AnyWeight> every_format(const Case& c) {
  const Tensor values = random_tensor({c.n, c.k}, 9);
  return {Int8Weight(random_codes(c, 8)),
          Int4Weight(random_codes(c, 4)),
          Int4Weight(random_codes(c, 3)),
          Int4Weight(codes_with_minimum(c, 4)),
          Int4Weight(codes_with_minimum(c, 3)),
          Int4Weight(codes_with_minimum(c, 2)),
          random_codebook(Codebook::nf4, c.n, c.k, c.group),
          random_codebook(Codebook::table4, c.n, c.k, c.group),
          random_codebook(Codebook::mxfp4, c.n, c.k, c.group),
          random_codebook(Codebook::nvfp4, c.n, c.k, c.group),
          random_trellis(2, c.n, c.k),
          random_trellis(3, c.n, c.k),
          random_trellis(4, c.n, c.k),
          random_fp8(c),
          HalfWeight::quantize(values, DType::f16),
          HalfWeight::quantize(values, DType::bf16)};
}

/// The largest |scale * 8| and |minimum + 8 scale| that a weight is computed from: for symmetric grids nothing.
double offset_magnitude(const AnyWeight& weight) {
  const auto* int4 = std::get_if<Int4Weight>(&weight);
  if (int4 == nullptr || int4->is_symmetric()) {
    return 0.0;
  }
  const Codes codes = int4->codes();
  double largest = 0.0;
  for (std::int64_t i = 0; i < codes.scales.elements(); ++i) {
    largest = std::max(largest, 16.0 * static_cast<double>(codes.scales.data<float>()[i]) +
                                    std::fabs(static_cast<double>(codes.minimums.data<float>()[i])));
  }
  return largest;
}

// Each of the K multiply-adds and of the groups' scalings rounds by at most 2^-24 of the running sum of magnitudes.
double bound(const Case& c, double magnitude) {
  return static_cast<double>(c.k + 3 * ((c.k + c.group - 1) / c.group) + 3) * 0x1p-24 * magnitude;
}

void expect_product(const Case& c, const AnyWeight& weight) {
  SCOPED_TRACE(fmt::format("{}: m {}, n {}, k {}, group {}", describe(weight), c.m, c.n, c.k, c.group));
  const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4);
  const Tensor y = weight_linear(x, pack(weight), bias);
  const Tensor w = dequantize(weight);
  const double offset = offset_magnitude(weight);
  ASSERT_EQ(y.shape(), (Shape{c.m, c.n}));
  for (std::int64_t m = 0; m < c.m; ++m) {
    for (std::int64_t n = 0; n < c.n; ++n) {
      double expected = bias.data<float>()[n], magnitude = std::fabs(expected);
      for (std::int64_t k = 0; k < c.k; ++k) {
        const double term = static_cast<double>(x.data<float>()[m * c.k + k]) * w.data<float>()[n * c.k + k];
        expected += term;
        magnitude += std::fabs(term) + offset * std::fabs(static_cast<double>(x.data<float>()[m * c.k + k]));
      }
      ASSERT_NEAR(y.data<float>()[m * c.n + n], expected, bound(c, magnitude)) << m << ", " << n;
    }
  }
}

TEST_F(WeightKernels, EqualALoopOverTheDequantizedWeight) {
  on_every_backend([] {
    for (const Case& c : {Case{1, 1, 1, 1}, Case{1, 64, 64, 32}, Case{1, 70, 131, 32}, Case{2, 33, 65, 65},
                          Case{3, 17, 33, 5}, Case{5, 129, 96, 32}, Case{12, 32, 64, 64}, Case{13, 49, 200, 64},
                          Case{30, 100, 72, 24}, Case{101, 16, 40, 8}}) {
      for (const AnyWeight& weight : every_format(c)) {
        expect_product(c, weight);
      }
    }
  });
}

TEST_F(WeightKernels, ApplyTheNonlinearity) {
  on_every_backend([] {
    const Case c{14, 35, 40, 40};
    const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4);
    for (const AnyWeight& weight : every_format(c)) {
      const PackedWeight packed = pack(weight);
      const Tensor plain = weight_linear(x, packed, bias);
      EXPECT_THAT(weight_linear(x, packed, bias, Nonlinearity::gelu).to_vector(),
                  testing::Pointwise(testing::FloatNear(1e-5F), gelu(plain).to_vector()));
      const Tensor gate = random_tensor({c.m, c.n}, 5);
      EXPECT_THAT(weight_linear(x, packed, bias, Epilogue::swiglu(gate)).to_vector(),
                  testing::Pointwise(testing::FloatNear(1e-5F), swiglu(gate, plain).to_vector()));
      EXPECT_THAT(weight_linear(x, packed, bias, Nonlinearity::silu).to_vector(),
                  testing::Pointwise(testing::FloatNear(1e-5F), silu(plain).to_vector()));
    }
  });
}

TEST_F(WeightKernels, AddTheResidual) {
  on_every_backend([] {
    for (const std::int64_t m : {1, 3, 14}) {
      const Case c{m, 35, 40, 40};
      const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4),
                   residual = random_tensor({m, c.n}, 5);
      for (const AnyWeight& weight : every_format(c)) {
        const PackedWeight packed = pack(weight);
        EXPECT_EQ(weight_linear(x, packed, bias, Epilogue::plus(residual)).to_vector(),
                  add(weight_linear(x, packed, bias), residual).to_vector());
      }
    }
  });
}

// What the outlier split multiplies in FP32.
TEST(UnpackColumns, GivesTheColumnsOfTheDequantizedWeight) {
  for (const Case& c : {Case{1, 1, 1, 1}, Case{1, 70, 131, 32}, Case{1, 17, 33, 5}, Case{1, 16, 64, 64}}) {
    const std::vector<std::int64_t> ks = {0, c.k / 2, c.k - 1};
    for (const AnyWeight& weight : every_format(c)) {
      SCOPED_TRACE(describe(weight));
      const Tensor columns = unpack_columns(pack(weight), ks), w = dequantize(weight);
      ASSERT_EQ(columns.shape(), (Shape{3, c.n}));
      for (std::int64_t j = 0; j < 3; ++j) {
        for (std::int64_t n = 0; n < c.n; ++n) {
          const float expected = w.data<float>()[n * c.k + ks[static_cast<std::size_t>(j)]];
          // Exact on symmetric grids; else (q - 8) scale + (minimum + 8 scale) rounds three times.
          ASSERT_NEAR(columns.data<float>()[j * c.n + n], expected, 3 * 0x1p-24 * offset_magnitude(weight));
        }
      }
    }
  }
}

TEST(UnpackColumns, RefusesColumnsThatAreNotThere) {
  const PackedWeight packed(random_codes({1, 3, 8, 8}, 8), PackedFormat::int8);
  for (const std::int64_t k : {std::int64_t{-1}, std::int64_t{8}}) {
    EXPECT_THAT(
        [&] {
          unpack_columns(packed, {&k, 1});
        },
        testing::ThrowsMessage<Error>(testing::HasSubstr("[unpack_columns] expected columns from 0 to 7, got")));
  }
}

TEST_F(WeightKernels, RefuseOtherShapes) {
  const PackedWeight packed(random_codes({1, 3, 8, 8}, 8), PackedFormat::int8);
  EXPECT_THAT(
      [&] {
        weight_linear(Tensor::zeros({2, 7}), packed);
      },
      testing::ThrowsMessage<Error>(testing::HasSubstr("[weight_linear] expected x (..., 8), got (2, 7)")));
  EXPECT_THAT(
      [&] {
        weight_linear(Tensor::zeros({2, 8}), packed, Tensor::zeros({4}));
      },
      testing::ThrowsMessage<Error>(testing::HasSubstr("[weight_linear]")));
}

}  // namespace
}  // namespace octet::weight_kernels_kernel_test
