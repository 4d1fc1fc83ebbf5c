#pragma once

// The float kernels in this folder are plain loops, written once and compiled once per instruction set: each
// tensor/cpu/ISA/table.cpp includes them with its own compiler flags and the compiler vectorises them. Everything lives
// in an anonymous namespace and no standard-library template is used, so that no AVX-512 copy of a shared function can
// reach a machine without AVX-512 through the linker.

#include <cstdint>

#include "tensor/float_kernels.h"

namespace octet::cpu {
namespace {

// Below this many elements, waking the other threads costs more than they save.
constexpr std::int64_t kParallelElements = 16384;

constexpr float kSqrt2OverPi = 0.7978845608F;
constexpr float kGeluCubic = 0.044715F;

inline float minimum(float a, float b) {
  return a < b ? a : b;
}
inline float maximum(float a, float b) {
  return a > b ? a : b;
}

/// e^x without branches or calls, so that loops over it vectorise: e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln 2
/// / 2, and a polynomial for e^r (coefficients of the Cephes library's expf). Relative error below 2e-7; 0 or infinity
/// outside of about [-87, 88].
inline float exponential(float x) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer in the low mantissa bits
  const float clamped = minimum(maximum(x, -87.3F), 88.7F);
  const float shifted = clamped * 1.44269504F + kRound;
  const float n = shifted - kRound;
  const float r = (clamped - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = (p * r) * r + r + 1.0F;
  const auto exponent = static_cast<std::uint32_t>(__builtin_bit_cast(std::int32_t, shifted) + 127) << 23;
  const float result = p * __builtin_bit_cast(float, exponent);
  return x != x ? x : (x < -87.3F ? 0.0F : result);
}

inline float sigmoid(float x) {
  return 1.0F / (1.0F + exponential(-x));
}

/// tanh through the exponential; the small absolute error near 0 (6e-8) is far below what GELU resolves.
inline float hyperbolic_tangent(float x) {
  return 1.0F - 2.0F / (1.0F + exponential(2.0F * x));
}

/// The approximation by tanh (Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415, section 2).
inline float gelu_of(float x) {
  return 0.5F * x * (1.0F + hyperbolic_tangent(kSqrt2OverPi * (x + kGeluCubic * x * x * x)));
}

inline float logarithm(float x) {
  return __builtin_logf(x);
}
inline float square_root(float x) {
  return __builtin_sqrtf(x);
}

}  // namespace
}  // namespace octet::cpu
