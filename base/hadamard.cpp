#include "base/hadamard.h"

#include <optional>

#include "base/error.h"

namespace octet {
namespace {

constexpr std::int64_t kLargestBlock = 1024;  // its square is stored, and as many products are made of m values

/// Rows of signs.
struct SignMatrix {
  std::int64_t order;
  std::vector<std::int8_t> entries = std::vector<std::int8_t>(static_cast<std::size_t>(order * order));

  std::int8_t& at(std::int64_t row, std::int64_t column) {
    return entries[static_cast<std::size_t>(row * order + column)];
  }
};

bool is_prime(std::int64_t n) {
  for (std::int64_t divisor = 2; divisor * divisor <= n; ++divisor) {
    if (n % divisor == 0) {
      return false;
    }
  }
  return n > 1;
}

/// The Jacobsthal matrix (q, q) with a border of ones: entry (i, j) behind the border is 1 where i - j is a square
/// modulo the prime q, -1 where it is none, and 0 for i = j. The border's corner is 0. With q = 4 i + 1 it is
/// symmetric; with q = 4 i + 3 it is skew-symmetric once the left border is negated.
SignMatrix bordered_jacobsthal(std::int64_t q) {
  std::vector<std::int8_t> character(static_cast<std::size_t>(q), -1);
  for (std::int64_t i = 1; i < q; ++i) {
    character[static_cast<std::size_t>(i * i % q)] = 1;
  }
  character[0] = 0;
  SignMatrix c{q + 1};
  for (std::int64_t i = 0; i < q; ++i) {
    c.at(0, i + 1) = c.at(i + 1, 0) = 1;
    for (std::int64_t j = 0; j < q; ++j) {
      c.at(i + 1, j + 1) = character[static_cast<std::size_t>((i - j + q) % q)];
    }
  }
  return c;
}

/// Paley's first construction, of order q + 1: the skew-symmetric matrix plus I.
SignMatrix first_construction(std::int64_t q) {
  SignMatrix h = bordered_jacobsthal(q);
  for (std::int64_t i = 0; i <= q; ++i) {
    h.at(i, 0) = static_cast<std::int8_t>(i == 0 ? 1 : -1);
    h.at(i, i) = 1;
  }
  return h;
}

/// Paley's second construction, of order 2 (q + 1): each entry c of the symmetric matrix becomes c ((1, 1), (1, -1)),
/// and each zero of its diagonal ((1, -1), (-1, -1)).
SignMatrix second_construction(std::int64_t q) {
  SignMatrix c = bordered_jacobsthal(q);
  SignMatrix h{2 * (q + 1)};
  for (std::int64_t i = 0; i < h.order; ++i) {
    for (std::int64_t j = 0; j < h.order; ++j) {
      const bool odd_row = i % 2 != 0, odd_column = j % 2 != 0;
      const int entry = c.at(i / 2, j / 2);
      const int sign = entry == 0 ? (odd_row || odd_column ? -1 : 1) : (odd_row && odd_column ? -entry : entry);
      h.at(i, j) = static_cast<std::int8_t>(sign);
    }
  }
  return h;
}

/// Negating rows leaves them orthogonal.
SignMatrix with_ones_in_the_first_column(SignMatrix h) {
  for (std::int64_t i = 0; i < h.order; ++i) {
    const std::int8_t sign = h.at(i, 0);
    for (std::int64_t j = 0; j < h.order; ++j) {
      h.at(i, j) = static_cast<std::int8_t>(h.at(i, j) * sign);
    }
  }
  return h;
}

std::optional<SignMatrix> paley_block(std::int64_t m) {
  if (m % 4 == 0 && is_prime(m - 1)) {  // m - 1 = 4 i + 3
    return with_ones_in_the_first_column(first_construction(m - 1));
  }
  if (m % 4 == 0 && (m / 2 - 1) % 4 == 1 && is_prime(m / 2 - 1)) {
    return with_ones_in_the_first_column(second_construction(m / 2 - 1));
  }
  return std::nullopt;
}

}  // namespace

Hadamard::Hadamard(std::int64_t order) : order_(order) {
  check(order > 0, "[hadamard] expected a width of at least 1, got {}", order);
  std::int64_t odd = order;
  while (odd % 2 == 0) {
    odd /= 2;
  }
  if (odd == 1) {
    block_ = {1};
    return;
  }
  for (std::int64_t m = odd; order % m == 0 && m <= kLargestBlock; m *= 2) {
    if (auto block = paley_block(m)) {
      block_order_ = m;
      block_ = std::move(block->entries);
      return;
    }
  }
  fail(
      ErrorKind::config,
      "[hadamard] expected a width of 2^k, or of 2^k times 12, 20, 28 or another order that has a Paley matrix, got {}",
      order);
}

/// Butterflies over the parts of m values: after the pass of `step`, parts of 2 step are transformed.
void Hadamard::sylvester(std::span<double> x) const {
  const auto n = static_cast<std::size_t>(order_);
  for (auto step = static_cast<std::size_t>(block_order_); step < n; step *= 2) {
    for (std::size_t first = 0; first < n; first += 2 * step) {
      for (std::size_t i = first; i < first + step; ++i) {
        const double a = x[i], b = x[i + step];
        x[i] = a + b;
        x[i + step] = a - b;
      }
    }
  }
}

void Hadamard::multiply_blocks(std::span<double> x, bool transposed) const {
  const auto m = static_cast<std::size_t>(block_order_);
  if (m == 1) {
    return;
  }
  std::vector<double> part(m);
  for (std::size_t first = 0; first < x.size(); first += m) {
    for (std::size_t i = 0; i < m; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < m; ++j) {
        sum += (transposed ? block_[j * m + i] : block_[i * m + j]) * x[first + j];
      }
      part[i] = sum;
    }
    std::copy(part.begin(), part.end(), x.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

void Hadamard::apply(std::span<double> x) const {
  check(static_cast<std::int64_t>(x.size()) == order_, "[hadamard] expected {} values, got {}", order_, x.size());
  multiply_blocks(x, false);
  sylvester(x);  // symmetric
}

void Hadamard::apply_transposed(std::span<double> x) const {
  check(static_cast<std::int64_t>(x.size()) == order_, "[hadamard] expected {} values, got {}", order_, x.size());
  multiply_blocks(x, true);
  sylvester(x);
}

}  // namespace octet
