#include "eval/verify/verify_exact.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace octet::verify_exact_test {
namespace {

// More rows than one panel of 16, groups that do not divide the columns, and a minimum of its own for every group.
constexpr std::int64_t kInputs = 2, kRows = 19, kColumns = 7, kGroup = 3, kGroups = 3;
constexpr double kMiddle = 8;  // kernels multiply code - 8, and make up for it by an offset for each unit of x

struct Sample {
  Tensor x = Tensor::empty({kInputs, kColumns});
  Tensor bias = Tensor::empty({kRows});
  Codes codes = {Tensor::empty({kRows, kColumns}, DType::i8),
                 Tensor::empty({kRows, kGroups}),
                 4,
                 Granularity::per_group,
                 kGroup,
                 Tensor::empty({kRows, kGroups})};

  Sample() {
    const Random random(5);
    std::uint64_t next = 0;
    for (Tensor* each : {&x, &bias}) {
      for (float& value : each->span<float>()) value = random.normal(next++);
    }
    for (std::int8_t& code : codes.codes.span<std::int8_t>()) {
      code = static_cast<std::int8_t>(random.uniform(next++) * 15.9F);
    }
    // Sixteenths, which FP16 holds exactly.
    for (float& scale : codes.scales.span<float>()) scale = std::ceil(random.uniform(next++) * 32) / 16;
    for (float& minimum : codes.minimums.span<float>()) minimum = std::round(random.normal(next++) * 32) / 16;
  }

  double code(std::int64_t n, std::int64_t k) const { return codes.codes.data<std::int8_t>()[n * kColumns + k]; }
  double scale(std::int64_t n, std::int64_t group) const { return codes.scale(n, group); }
  double offset(std::int64_t n, std::int64_t group) const {
    return codes.minimum(n, group) + kMiddle * codes.scale(n, group);
  }
};

/// What a kernel adds for output (m, n), of inputs given by their values: the result and the size of its terms.
struct Expected {
  double y, magnitude;
};

template <typename TermsOf>
void expect_product(const ExactProduct& exact, TermsOf terms_of) {
  ASSERT_EQ(exact.y.size(), static_cast<std::size_t>(kInputs * kRows));
  for (std::int64_t m = 0; m < kInputs; ++m) {
    for (std::int64_t n = 0; n < kRows; ++n) {
      const Expected expected = terms_of(m, n);
      const auto index = static_cast<std::size_t>(m * kRows + n);
      constexpr double kBound = 1e-13;  // both are sums of doubles, in another order
      EXPECT_NEAR(exact.y[index], expected.y, kBound * expected.magnitude) << m << ", " << n;
      EXPECT_NEAR(exact.magnitude[index], expected.magnitude, kBound * expected.magnitude) << m << ", " << n;
    }
  }
}

TEST(ExactProduct, OfFloatsAddsATermForEachColumn) {
  const Sample of;
  const QuantizedMatrix matrix(Int4Weight(of.codes), Activations::weight_only);
  expect_product(exact_product(of.x, matrix, of.bias, {}), [&](std::int64_t m, std::int64_t n) {
    const double bias = of.bias.data<float>()[n];
    Expected sum = {bias, std::fabs(bias)};
    for (std::int64_t k = 0; k < kColumns; ++k) {
      const double x = of.x.data<float>()[m * kColumns + k], offset = of.offset(n, k / kGroup);
      const double shifted = (of.code(n, k) - kMiddle) * of.scale(n, k / kGroup);
      sum.y += x * (shifted + offset);
      sum.magnitude += std::fabs(x * shifted) + std::fabs(x * offset);
    }
    return sum;
  });
}

TEST(ExactProduct, OfCodesAddsATermForEachGroup) {
  const Sample of;
  const QuantizedMatrix matrix(Int4Weight(of.codes), Activations::dynamic);
  const QuantizedRows rows = matrix.quantize(of.x);
  expect_product(exact_product(of.x, matrix, of.bias, rows), [&](std::int64_t m, std::int64_t n) {
    const double bias = of.bias.data<float>()[n], x_scale = rows.scales.data<float>()[m];
    Expected sum = {bias, std::fabs(bias)};
    for (std::int64_t group = 0; group < kGroups; ++group) {
      double product = 0, inputs = 0;
      for (std::int64_t k = group * kGroup; k < std::min(kColumns, (group + 1) * kGroup); ++k) {
        const double x = std::nearbyint(of.x.data<float>()[m * kColumns + k] / rows.scales.data<float>()[m]);
        product += x * (of.code(n, k) - kMiddle);
        inputs += x;
      }
      product *= of.scale(n, group) * x_scale;
      inputs *= of.offset(n, group) * x_scale;
      sum.y += product + inputs;
      sum.magnitude += std::fabs(product) + std::fabs(inputs);
    }
    return sum;
  });
}

}  // namespace
}  // namespace octet::verify_exact_test
