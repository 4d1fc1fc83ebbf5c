#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "tensor/cuda/gemm/products.h"

// LtProduct in plain loops, as its comment defines it, on host memory. Stands in for cuBLASLt.

namespace octet::cuda {

/// The nearest float with `bits` bits of fraction (23 in FP32), ties to even. NaN and infinity stay.
inline float with_fraction(float value, int bits) {
  if (!std::isfinite(value)) {
    return value;
  }
  const int dropped = 23 - bits;
  const auto word = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t half = (1U << (dropped - 1)) - 1 + (word >> dropped & 1);
  return std::bit_cast<float>((word + half) >> dropped << dropped);
}

/// An operand as tensor cores see it.
inline float rounded(float value, MathMode math) {
  switch (math) {
    case MathMode::tf32:
      return with_fraction(value, 10);
    case MathMode::bf16:
      return with_fraction(value, 7);
    case MathMode::fp32:
      break;
  }
  return value;
}

/// Row and column of op(matrix).
template <typename T>
T element(const T* matrix, std::int64_t leading, bool transposed, std::int64_t row, std::int64_t column) {
  return transposed ? matrix[row * leading + column] : matrix[column * leading + row];
}

/// The sum over l of op(A)(i, l) op(B)(l, j).
template <typename T, typename Sum>
Sum dot(const LtProduct& p, const T* a, const T* b, std::int64_t i, std::int64_t j) {
  Sum sum = 0;
  for (std::int64_t l = 0; l < p.k; ++l) {
    const Sum left = element(a, p.lda, p.transpose_a, i, l), right = element(b, p.ldb, p.transpose_b, l, j);
    if constexpr (std::is_same_v<Sum, float>) {
      sum += rounded(left, p.math) * rounded(right, p.math);
    } else {
      sum += left * right;
    }
  }
  return sum;
}

/// d[at] = finish(i, at, sum) for every element of D, in row i.
template <typename T, typename Sum, typename Finish>
void for_each_sum(const LtProduct& p, Finish finish) {
  for (std::int64_t index = 0; index < p.batch; ++index) {
    const T* a = static_cast<const T*>(p.a) + index * p.stride_a;
    const T* b = static_cast<const T*>(p.b) + index * p.stride_b;
    for (std::int64_t j = 0; j < p.n; ++j) {
      for (std::int64_t i = 0; i < p.m; ++i) {
        const std::int64_t at = index * p.stride_d + j * p.ldd + i;
        static_cast<Sum*>(p.d)[at] = finish(i, at, dot<T, Sum>(p, a, b, i, j));
      }
    }
  }
}

/// All pointers are to memory of the host.
inline void multiply_on_host(const LtProduct& p) {
  if (p.type == LtProduct::Type::int8) {
    for_each_sum<std::int8_t, std::int32_t>(p, [](std::int64_t, std::int64_t, std::int32_t sum) { return sum; });
    return;
  }
  const auto* c = static_cast<const float*>(p.c == nullptr ? p.d : p.c);
  for_each_sum<float, float>(p, [&p, c](std::int64_t i, std::int64_t at, float sum) {
    const float kept = p.beta == 0.0F ? 0.0F : p.beta * c[at];  // D may be uninitialized
    return p.alpha * sum + kept + (p.bias == nullptr ? 0.0F : p.bias[i]);
  });
  for (std::int64_t j = 0; p.sums_of_b != nullptr && j < p.n; ++j) {
    p.sums_of_b[j] = 0.0F;
    for (std::int64_t l = 0; l < p.k; ++l) {
      p.sums_of_b[j] += element(static_cast<const float*>(p.b), p.ldb, p.transpose_b, l, j);
    }
  }
}

}  // namespace octet::cuda
