#include "base/hadamard.h"

#include <bit>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/error_of.h"

namespace octet::hadamard_test {
namespace {

using Rows = std::vector<std::vector<double>>;

/// H, column by column from its products with unit vectors.
Rows matrix_of(const Hadamard& hadamard, bool transposed = false) {
  const auto n = static_cast<std::size_t>(hadamard.order());
  Rows h(n, std::vector<double>(n));
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<double> x(n, 0.0);
    x[j] = 1.0;
    transposed ? hadamard.apply_transposed(x) : hadamard.apply(x);
    for (std::size_t i = 0; i < n; ++i) {
      h[i][j] = x[i];
    }
  }
  return h;
}

TEST(Hadamard, HasOrthogonalRowsOfSigns) {
  for (const std::int64_t order : {1, 2, 4, 8, 12, 16, 20, 24, 28, 36, 40, 44, 48, 56, 60, 64, 72, 80, 104, 192, 512}) {
    const Rows h = matrix_of(Hadamard(order));
    for (std::size_t i = 0; i < h.size(); ++i) {
      ASSERT_EQ(h[i][0], 1.0) << order << ": the first column is all ones";
      for (std::size_t k = 0; k < h.size(); ++k) {
        ASSERT_EQ(std::abs(h[i][k]), 1.0) << order;
        double product = 0;
        for (std::size_t j = 0; j < h.size(); ++j) {
          product += h[i][j] * h[k][j];
        }
        ASSERT_EQ(product, i == k ? static_cast<double>(order) : 0.0) << order << ": rows " << i << " and " << k;
      }
    }
  }
}

// Sylvester's entry (i, j) is -1 to the power of the number of ones in i & j.
TEST(Hadamard, IsSylvestersMatrixForPowersOfTwo) {
  for (const std::int64_t order : {1, 2, 8, 32}) {
    const Rows h = matrix_of(Hadamard(order));
    for (std::size_t i = 0; i < h.size(); ++i) {
      for (std::size_t j = 0; j < h.size(); ++j) {
        ASSERT_EQ(h[i][j], std::popcount(i & j) % 2 == 0 ? 1.0 : -1.0) << order;
      }
    }
  }
}

TEST(Hadamard, IsAKroneckerProductWithItsBlock) {
  const Rows h = matrix_of(Hadamard(48)), block = matrix_of(Hadamard(12));
  for (std::size_t i = 0; i < 48; ++i) {
    for (std::size_t j = 0; j < 48; ++j) {
      const double sylvester = std::popcount((i / 12) & (j / 12)) % 2 == 0 ? 1.0 : -1.0;
      ASSERT_EQ(h[i][j], sylvester * block[i % 12][j % 12]);
    }
  }
}

TEST(Hadamard, KnowsItsTranspose) {
  for (const std::int64_t order : {8, 12, 28, 40}) {
    const Rows h = matrix_of(Hadamard(order)), t = matrix_of(Hadamard(order), true);
    for (std::size_t i = 0; i < h.size(); ++i) {
      for (std::size_t j = 0; j < h.size(); ++j) {
        ASSERT_EQ(h[i][j], t[j][i]) << order;
      }
    }
  }
}

TEST(Hadamard, TakesTheSmallestBlock) {
  const auto block = [](std::int64_t order) { return Hadamard(order).block_order(); };
  EXPECT_EQ(block(512), 1);
  EXPECT_EQ(block(192), 12);
  EXPECT_EQ(block(768), 12);
  EXPECT_EQ(block(320), 20);
  EXPECT_EQ(block(896), 28);
  EXPECT_EQ(block(576), 36);
}

TEST(Hadamard, RefusesAWidthThatNoBlockFits) {
  for (const std::int64_t order : {3, 6, 18, 52, 92, 4 * 1091}) {
    EXPECT_THAT(error_of(ErrorKind::config, [&] { Hadamard{order}; }),
                testing::HasSubstr(fmt::format("a Paley matrix, got {}", order)));
  }
  EXPECT_THAT(error_of([] { Hadamard{0}; }), testing::HasSubstr("at least 1, got 0"));
  std::vector<double> x(3);
  EXPECT_THAT(error_of([&] { Hadamard(4).apply(x); }), testing::HasSubstr("expected 4 values, got 3"));
}

}  // namespace
}  // namespace octet::hadamard_test
