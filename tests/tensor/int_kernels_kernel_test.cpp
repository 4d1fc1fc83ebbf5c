#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/ops/activation.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/elementwise.h"
#include "tests/tensor/every_backend.h"

namespace octet::int_kernels_kernel_test {
namespace {

constexpr std::int64_t kSizes[] = {1, 2, 3, 5, 7, 16, 17, 31, 33, 63, 64, 65, 127, 128, 200};

struct Case {
  std::int64_t m, n, k, group;
  int bits;
  bool minimum = false;
};

std::string describe(const Case& c) {
  return fmt::format("m {}, n {}, k {}, group {}, {} bits{}", c.m, c.n, c.k, c.group, c.bits,
                     c.minimum ? " with minimum" : "");
}

class IntKernels : public EveryBackend {};

int random_code(const Random& random, std::int64_t index, int limit) {
  return static_cast<int>(random.below(static_cast<std::uint64_t>(index), static_cast<std::uint64_t>(2 * limit + 1))) -
         limit;
}

Codes random_weight(const Case& c) {
  Codes codes{Tensor::empty({c.n, c.k}, DType::i8), {}, c.bits, Granularity::per_group, c.group};
  const Random random(1, hash_name(describe(c)));
  for (std::int64_t i = 0; i < c.n * c.k; ++i) {
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(random_code(random, i, largest_code(c.bits)));
  }
  codes.scales = Tensor::empty(scales_shape(c.n, c.k, Granularity::per_group, c.group));
  for (std::int64_t i = 0; i < codes.scales.elements(); ++i) {
    // Exact in FP16, in which int4 keeps its scales.
    codes.scales.data<float>()[i] =
        static_cast<float>(1 + random.below(static_cast<std::uint64_t>(i), 1023)) * 0x1p-16F;
  }
  if (c.minimum) {  // unsigned codes, and a grid that begins somewhere below 0
    for (std::int8_t& code : codes.codes.span<std::int8_t>()) {
      code = static_cast<std::int8_t>(code + largest_code(c.bits) + (code > 0));
    }
    codes.minimums = codes.scales.clone();
    for (std::int64_t i = 0; i < codes.minimums.elements(); ++i) {
      codes.minimums.data<float>()[i] = -0.05F * random.uniform(static_cast<std::uint64_t>(i) + 1'000'000);
    }
    validate(codes);
  }
  return codes;
}

/// Float rows whose largest value is exactly 127, so that their codes are the values themselves.
Tensor integer_rows(std::int64_t rows, std::int64_t columns) {
  Tensor x = Tensor::empty({rows, columns});
  const Random random(2);
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    x.data<float>()[i] = i % columns == 0 ? 127.0F : static_cast<float>(random_code(random, i, 127));
  }
  return x;
}

/// sum[g, m, n] by scalar loops over the canonical codes.
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

/// Sum of each group of each row: (M, groups).
std::vector<double> group_sums(const Tensor& x, const Codes& w) {
  std::vector<double> sums(static_cast<std::size_t>(x.dim(0) * w.groups()));
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    const std::int64_t row = i / w.columns(), group = i % w.columns() / w.columns_per_scale();
    sums[static_cast<std::size_t>(row * w.groups() + group)] += static_cast<double>(x.data<float>()[i]);
  }
  return sums;
}

/// Codes as the kernels see them: nibbles with a minimum are shifted to be signed (PackedWeight).
Codes kernel_codes(Codes codes) {
  if (!codes.is_symmetric() && codes.bits <= 4) {
    codes.codes = codes.codes.clone();
    for (std::int8_t& code : codes.codes.span<std::int8_t>()) {
      code = static_cast<std::int8_t>(code - 8);
    }
  }
  return codes;
}

void expect_exact_sums(const Case& c) {
  SCOPED_TRACE(describe(c));
  const Codes w = random_weight(c);
  const Tensor x = integer_rows(c.m, c.k);
  const PackedWeight packed(w, c.bits <= 4 ? PackedFormat::int4 : PackedFormat::int8);
  const Tensor sums = integer_product(quantize_rows(x, packed.layout()), packed);
  EXPECT_EQ(sums.shape(), (Shape{w.groups(), c.m, c.n}));
  const auto got = sums.span<std::int32_t>();
  ASSERT_EQ(std::vector<std::int32_t>(got.begin(), got.end()), expected_sums(x, kernel_codes(w)));
}

TEST_F(IntKernels, SumsEqualAScalarLoop) {
  on_every_backend([] {
    for (const int bits : {4, 8}) {
      for (const std::int64_t size : kSizes) {
        expect_exact_sums({size, 33, 65, 65, bits});   // M
        expect_exact_sums({7, size, 65, 65, bits});    // N
        expect_exact_sums({7, 33, size, size, bits});  // K
      }
      expect_exact_sums({1, 1, 1, 1, bits});
      expect_exact_sums({97, 70, 1100, 1100, bits});
      expect_exact_sums({200, 200, 200, 200, bits});
    }
  });
}

TEST_F(IntKernels, GroupsMayBeRagged) {
  on_every_backend([] {
    for (const int bits : {4, 8}) {
      for (const std::int64_t group : {1, 3, 5, 8, 12, 16, 32, 33, 64, 128}) {
        expect_exact_sums({7, 35, 131, group, bits});
      }
      expect_exact_sums({13, 49, 1100, 32, bits});
      expect_exact_sums({6, 32, 1088, 64, bits});
    }
  });
}

TEST_F(IntKernels, SumsWithAMinimumAreExact) {
  on_every_backend([] {
    for (const int bits : {2, 3, 4, 7}) {
      for (const std::int64_t group : {1, 5, 8, 32, 33, 200}) {
        expect_exact_sums({1, 35, 131, group, bits, true});
        expect_exact_sums({13, 49, 200, group, bits, true});
      }
    }
    for (const int bits : {2, 3}) {
      expect_exact_sums({7, 35, 131, 32, bits});
    }
  });
}

// All products have the same sign and the largest size: saturation or a lost carry would show at once.
TEST_F(IntKernels, ExtremeCodesDoNotSaturate) {
  on_every_backend([] {
    for (const int bits : {4, 8}) {
      const int limit = largest_code(bits);
      for (const int sign : {1, -1}) {
        const std::int64_t k = kMaxGroup, n = 17;
        Codes w{Tensor::empty({n, k}, DType::i8), Tensor::full({n}, 1.0F), bits};
        std::fill_n(w.codes.data<std::int8_t>(), n * k, static_cast<std::int8_t>(sign * limit));
        const PackedWeight packed(w, bits == 4 ? PackedFormat::int4 : PackedFormat::int8);
        const Tensor x = Tensor::full({2, k}, 3.0F);
        const Tensor sums = integer_product(quantize_rows(x, packed.layout()), packed);
        for (const std::int32_t sum : sums.span<std::int32_t>()) {
          ASSERT_EQ(sum, sign * 127 * limit * k);
        }
      }
    }
  });
}

TEST(CodeLayout, RefusesGroupsWhoseSumsMayOverflow) {
  EXPECT_NO_THROW(code_layout(kMaxGroup, kMaxGroup));
  EXPECT_THAT([] { code_layout(kMaxGroup + 1, kMaxGroup + 1); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("at most 132104")));
  EXPECT_THAT([] { code_layout(8, 0); }, testing::ThrowsMessage<Error>(testing::HasSubstr("at least 1 column, got 0")));
}

TEST_F(IntKernels, LinearIsTheEpilogueOfTheSums) {
  on_every_backend([] {
    for (const Case& c :
         {Case{1, 64, 64, 64, 8}, Case{7, 33, 131, 131, 8}, Case{65, 200, 192, 192, 8}, Case{13, 49, 200, 32, 8},
          Case{1, 64, 64, 32, 4}, Case{31, 70, 200, 32, 4}, Case{6, 17, 131, 131, 4}, Case{5, 3, 33, 5, 4},
          Case{1, 64, 64, 32, 4, true}, Case{31, 70, 200, 32, 4, true}, Case{6, 17, 131, 131, 3, true},
          Case{5, 3, 33, 5, 2, true}, Case{7, 33, 131, 32, 7, true}, Case{97, 70, 1100, 64, 4, true}}) {
      SCOPED_TRACE(describe(c));
      const Codes w = random_weight(c);
      const PackedWeight packed(w, c.bits <= 4 ? PackedFormat::int4 : PackedFormat::int8);
      Tensor x = integer_rows(c.m, c.k);
      const auto sums = expected_sums(x, w);
      const std::vector<double> x_sums = group_sums(x, w);
      for (float& value : x.span<float>()) {
        value *= 0.5F;  // the scale of each row becomes exactly 0.5
      }
      const Tensor bias = Tensor::full({c.n}, 0.25F);
      const Tensor y = dynamic_linear(x, packed, bias);
      const Tensor plain = dynamic_linear(x, packed);
      for (std::int64_t m = 0; m < c.m; ++m) {
        for (std::int64_t n = 0; n < c.n; ++n) {
          double expected = 0, magnitude = 0;
          for (std::int64_t g = 0; g < w.groups(); ++g) {
            const double term =
                0.5 * sums[static_cast<std::size_t>((g * c.m + m) * c.n + n)] * static_cast<double>(w.scale(n, g));
            const double x_sum = 0.5 * x_sums[static_cast<std::size_t>(m * w.groups() + g)];
            const double offset = x_sum * static_cast<double>(w.minimum(n, g));
            expected += term + offset;
            // With a minimum the kernel adds (q - 8) scale and minimum + 8 scale.
            magnitude += std::fabs(term) + std::fabs(offset);
            magnitude += c.minimum ? 2 * std::fabs(x_sum * 8 * static_cast<double>(w.scale(n, g))) : 0.0;
          }
          // Each of the groups + 2 float operations rounds by at most 2^-24 of the running sum; twice as many and the
          // rounding of the offset itself where there is a minimum.
          const std::int64_t operations = c.minimum ? 2 * w.groups() + 4 : w.groups() + 3;
          const double bound = static_cast<double>(operations) * 0x1p-24 * (magnitude + 0.25);
          ASSERT_NEAR(y.data<float>()[m * c.n + n], expected + 0.25, bound) << m << ", " << n;
          ASSERT_NEAR(plain.data<float>()[m * c.n + n], expected, bound) << m << ", " << n;
        }
      }
    }
  });
}

TEST_F(IntKernels, AllZeroRowsGiveTheBias) {
  on_every_backend([] {
    const Case c{2, 5, 20, 20, 8};
    Tensor x = Tensor::zeros({2, 20});
    const PackedWeight packed(random_weight(c), PackedFormat::int8);
    EXPECT_THAT(quantize_rows(x, packed.layout()).scales.span<float>(), testing::Each(0.0F));
    EXPECT_THAT(dynamic_linear(x, packed, Tensor::full({5}, 3.0F)).span<float>(), testing::Each(3.0F));
  });
}

TEST_F(IntKernels, NonFiniteRowsGiveNanAndLeaveTheOthersAlone) {
  on_every_backend([] {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
      for (const std::int64_t position : {0, 7, 18}) {
        const PackedWeight packed(random_weight({2, 5, 19, 6, 4}), PackedFormat::int4);
        Tensor x = Tensor::full({2, 19}, 1.0F);
        x.data<float>()[position] = bad;
        const Tensor y = dynamic_linear(x, packed);
        for (std::int64_t n = 0; n < 5; ++n) {
          EXPECT_TRUE(std::isnan(y.data<float>()[n]));
          EXPECT_TRUE(std::isfinite(y.data<float>()[5 + n]));
        }
      }
    }
  });
}

TEST_F(IntKernels, StaticLinearRoundsWithTheGivenScale) {
  on_every_backend([] {
    const Case c{5, 33, 131, 131, 8};
    const Codes w = random_weight(c);
    const PackedWeight packed(w, PackedFormat::int8);
    const Tensor x = integer_rows(c.m, c.k);
    const auto sums = expected_sums(x, w);
    Tensor larger = x.clone();
    for (float& value : larger.span<float>()) {
      value *= 2.0F;
    }
    const Tensor y = static_linear(larger, 2.0F, packed);
    for (std::int64_t i = 0; i < y.elements(); ++i) {
      ASSERT_FLOAT_EQ(y.data<float>()[i],
                      2.0F * static_cast<float>(sums[static_cast<std::size_t>(i)]) * w.scale(i % c.n, 0));
    }
    EXPECT_THAT([&] { static_linear(x, 0.0F, packed); },
                testing::ThrowsMessage<Error>(testing::HasSubstr("[static_linear] expected a positive scale, got 0")));
  });
}

// To the bit what an addition behind the product gives, whether rows are few or many and whole panels or parts.
TEST_F(IntKernels, TheEpilogueAddsTheResidual) {
  on_every_backend([] {
    for (const int bits : {4, 8}) {
      for (const std::int64_t m : {1, 3, 14}) {
        for (const std::int64_t n : {1, 16, 33, 130}) {
          const Case c{m, n, 40, 20, bits};
          const PackedWeight packed(random_weight(c), bits == 4 ? PackedFormat::int4 : PackedFormat::int8);
          const Tensor x = integer_rows(m, c.k), bias = random_tensor({n}, 4), residual = random_tensor({m, n}, 5);
          Epilogue both = Nonlinearity::gelu;
          both.residual = residual;
          const auto expect_same = [&](const Epilogue& epilogue, const Tensor& plain) {
            EXPECT_EQ(dynamic_linear(x, packed, bias, epilogue).to_vector(), add(plain, residual).to_vector());
          };
          expect_same(Epilogue::plus(residual), dynamic_linear(x, packed, bias));
          expect_same(both, dynamic_linear(x, packed, bias, Nonlinearity::gelu));
        }
      }
    }
    const PackedWeight packed(random_weight({1, 16, 8, 8, 8}), PackedFormat::int8);
    EXPECT_THAT(
        [&] {
          dynamic_linear(Tensor::zeros({2, 8}), packed, {}, Epilogue::plus(Tensor::zeros({1, 16})));
        },
        testing::ThrowsMessage<Error>("[dynamic_linear] expected equal shapes, got (1, 16) and (2, 16)"));
  });
}

TEST_F(IntKernels, CodesThatAreThereAlreadyGiveTheSameProduct) {
  on_every_backend([] {
    const PackedWeight packed(random_weight({1, 33, 40, 20, 4}), PackedFormat::int4);
    const Tensor x = random_tensor({2, 3, 40}, 3), bias = random_tensor({33}, 4);
    const Tensor y = dynamic_linear(quantize_rows(x, packed.layout()), packed, bias);
    EXPECT_EQ(y.shape(), (Shape{2, 3, 33}));
    EXPECT_EQ(y.to_vector(), dynamic_linear(x, packed, bias).to_vector());
    EXPECT_EQ(dynamic_linear(quantize_rows(x, packed.layout(), 0.02F), packed, bias).to_vector(),
              static_linear(x, 0.02F, packed, bias).to_vector());
    EXPECT_THAT(
        [&] { dynamic_linear(quantize_rows(x, code_layout(40, 40)), packed); },
        testing::ThrowsMessage<Error>("[dynamic_linear] expected codes in the layout of the weight, got others"));
  });
}

TEST_F(IntKernels, TheEpilogueAppliesTheNonlinearity) {
  on_every_backend([] {
    for (const std::int64_t n : {1, 16, 33, 70}) {
      const Case c{14, n, 40, 40, 8};
      const PackedWeight packed(random_weight(c), PackedFormat::int8);
      const Tensor x = integer_rows(c.m, c.k);
      const Tensor bias = Tensor::full({n}, -0.5F);
      const Tensor plain = dynamic_linear(x, packed, bias);
      EXPECT_EQ(dynamic_linear(x, packed, bias, Nonlinearity::gelu).to_vector(), gelu(plain).to_vector());
      const Tensor gate = integer_rows(c.m, n);
      EXPECT_THAT(dynamic_linear(x, packed, bias, Epilogue::swiglu(gate)).to_vector(),
                  testing::Pointwise(testing::FloatNear(1e-4F), swiglu(gate, plain).to_vector()));
      EXPECT_THAT(
          [&] {
            dynamic_linear(x, packed, bias, Epilogue::swiglu(Tensor::zeros({c.m, n + 1})));
          },
          testing::ThrowsMessage<Error>(testing::HasSubstr("[dynamic_linear]")));
      EXPECT_THAT(dynamic_linear(x, packed, bias, Nonlinearity::silu).to_vector(),
                  testing::Pointwise(testing::FloatNear(1e-6F), silu(plain).to_vector()));
    }
  });
}

}  // namespace
}  // namespace octet::int_kernels_kernel_test
