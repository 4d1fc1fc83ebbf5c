#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tensor/formats/packed_weight.h"
#include "tensor/ops/dynamic_linear.h"
#include "tests/support/random_codebook.h"
#include "tests/tensor/every_backend.h"

// 16 integer levels in the integer kernels.

namespace octet::table4_kernel_test {
namespace {

class Table4Kernels : public EveryBackend {};

/// Rows whose codes are the values themselves: their largest is 127.
Tensor integer_rows(std::int64_t rows, std::int64_t columns) {
  Tensor x = Tensor::empty({rows, columns});
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const auto code = static_cast<float>(Random(2).below(static_cast<std::uint64_t>(i), 255)) - 127.0F;
    x.data<float>()[i] = i % columns == 0 ? 127.0F : code;
  }
  return x;
}

/// sum[g, m, n] by scalar loops over the levels that the weight stores.
std::vector<std::int32_t> expected_sums(const Tensor& x, const Codes& w) {
  const std::int64_t m = x.dim(0), n = w.rows(), k = w.columns();
  std::vector<std::int32_t> sums(static_cast<std::size_t>(w.groups() * m * n));
  for (std::int64_t row = 0; row < m; ++row) {
    for (std::int64_t column = 0; column < n; ++column) {
      for (std::int64_t i = 0; i < k; ++i) {
        const std::int64_t group = i / w.columns_per_scale();
        sums[static_cast<std::size_t>((group * m + row) * n + column)] +=
            static_cast<int>(x.data<float>()[row * k + i]) * w.codes.data<std::int8_t>()[column * k + i];
      }
    }
  }
  return sums;
}

void expect_exact_sums(std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t block) {
  SCOPED_TRACE(fmt::format("m {}, n {}, k {}, block {}", m, n, k, block));
  const CodebookWeight weight = random_codebook(Codebook::table4, n, k, block);
  const PackedWeight packed(weight);
  const Tensor x = integer_rows(m, k);
  const Tensor sums = integer_product(quantize_rows(x, packed.layout()), packed);
  const auto got = sums.span<std::int32_t>();
  ASSERT_EQ(std::vector<std::int32_t>(got.begin(), got.end()), expected_sums(x, weight.codes()));
}

TEST_F(Table4Kernels, SumsEqualAScalarLoop) {
  on_every_backend([] {
    for (const std::int64_t size : {1, 2, 3, 5, 7, 11, 12, 16, 17, 33, 64, 65, 200}) {
      expect_exact_sums(size, 33, 65, 65);
      expect_exact_sums(7, size, 65, 65);
      expect_exact_sums(7, 33, size, size);
    }
    for (const std::int64_t block : {1, 3, 5, 8, 12, 16, 32, 33, 64, 128}) {
      expect_exact_sums(7, 35, 131, block);
      expect_exact_sums(13, 49, 200, block);
    }
  });
}

/// A weight of two rows of one level each, 127 and -127, with levels at both ends.
CodebookWeight extreme_weight(std::int64_t k) {
  Tensor levels = Tensor::empty({16}, DType::i8);
  for (std::int64_t i = 0; i < 16; ++i) {
    levels.data<std::int8_t>()[i] = static_cast<std::int8_t>(i == 0 ? -127 : 112 + i);
  }
  Tensor nibbles = Tensor::empty({2, k / 2}, DType::u8);
  std::fill_n(nibbles.data<std::uint8_t>(), k / 2, std::uint8_t{0xFF});
  std::fill_n(nibbles.data<std::uint8_t>() + k / 2, k / 2, std::uint8_t{0});
  const Tensor scales = to_half_exactly(Tensor::full({2, 1}, 1.0F), "test", "scales");
  return {Codebook::table4, nibbles, {ScaleCoding::f16, scales}, k, k, levels};
}

// All products have the same sign and the largest size: saturation or a lost carry would show at once.
TEST_F(Table4Kernels, ExtremeLevelsDoNotSaturate) {
  on_every_backend([] {
    constexpr std::int64_t k = kMaxGroup;
    const PackedWeight packed(extreme_weight(k));
    for (const float value : {3.0F, -3.0F}) {
      const Tensor sums = integer_product(quantize_rows(Tensor::full({2, k}, value), packed.layout()), packed);
      const auto largest = static_cast<std::int32_t>(std::copysign(127.0F, value)) * 127 * static_cast<std::int32_t>(k);
      const auto got = sums.span<std::int32_t>();
      EXPECT_EQ(std::vector<std::int32_t>(got.begin(), got.end()),
                (std::vector<std::int32_t>{largest, -largest, largest, -largest}));
    }
  });
}

TEST_F(Table4Kernels, LinearIsTheEpilogueOfTheSums) {
  on_every_backend([] {
    for (const auto& [m, n, k, block] : {std::array<std::int64_t, 4>{1, 64, 64, 32},
                                         {31, 70, 200, 32},
                                         {6, 17, 131, 131},
                                         {5, 3, 33, 5},
                                         {97, 70, 1100, 64}}) {
      SCOPED_TRACE(fmt::format("m {}, n {}, k {}, block {}", m, n, k, block));
      const CodebookWeight weight = random_codebook(Codebook::table4, n, k, block);
      const Codes codes = weight.codes();
      Tensor x = integer_rows(m, k);
      const auto sums = expected_sums(x, codes);
      for (float& value : x.span<float>()) {
        value *= 0.5F;  // the scale of each row becomes exactly 0.5
      }
      const Tensor y = dynamic_linear(x, PackedWeight(weight), Tensor::full({n}, 0.25F));
      for (std::int64_t row = 0; row < m; ++row) {
        for (std::int64_t column = 0; column < n; ++column) {
          double expected = 0.25, magnitude = 0.25;
          for (std::int64_t g = 0; g < codes.groups(); ++g) {
            const double term = 0.5 * sums[static_cast<std::size_t>((g * m + row) * n + column)] *
                                static_cast<double>(codes.scale(column, g));
            expected += term;
            magnitude += std::fabs(term);
          }
          // Each of the groups + 3 float operations rounds by at most 2^-24 of the running sum.
          const double bound = static_cast<double>(codes.groups() + 3) * 0x1p-24 * magnitude;
          ASSERT_NEAR(y.data<float>()[row * n + column], expected, bound) << row << ", " << column;
        }
      }
    }
  });
}

}  // namespace
}  // namespace octet::table4_kernel_test
