#pragma once

#include <cstdint>

// Integer kernels over raw pointers. The int32 sums are exact and bit-identical on every backend.

namespace octet {

/// Symmetric int8 codes of each row: scale[m] = max|x[m]| / 127, code = round_half_even(x / scale) in [-127, 127]. An
/// all-zero row gets codes 0 and scale 0.
struct QuantizeRowsArgs {
  std::int64_t rows, columns;
  const float* x;
  std::int8_t* codes;
  float* scales;
};

/// y (m, n) = sum over k of x (m, k) * w (n, k), exact in int32 for k <= 133,144.
struct Int8ProductArgs {
  std::int64_t m, n, k;
  const std::int8_t* x;
  const std::int8_t* w;
  std::int32_t* y;
};

struct IntKernels {
  void (*quantize_rows)(const QuantizeRowsArgs&);
  void (*int8_product)(const Int8ProductArgs&);
};

}  // namespace octet
