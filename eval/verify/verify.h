#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "eval/score/windows.h"
#include "nn/gpt.h"
#include "nn/layers/quantized_matrix.h"
#include "tensor/backend.h"

namespace octet {

/// A quantized layer y = x W^T + b with inputs to try it on, in CPU memory.
struct VerifyCase {
  std::string layer;  ///< "blocks.0.attention.qkv"
  const QuantizedMatrix* matrix = nullptr;
  Tensor bias = {};  ///< (N), or undefined
  Tensor x = {};     ///< (M, K)
};

/// The quantized layers of a model, in the order in which they run, each with the first `rows` inputs that it reads
/// over the windows. They point into the model, which is in CPU memory. Empty where nothing is quantized. A table that
/// is only looked up (the embedding where the head is not tied) has no product and is left out.
std::vector<VerifyCase> verify_cases(Gpt& model, std::span<const Window> windows, std::int64_t rows);

/// What one backend makes of one layer.
struct VerifyRow {
  std::string layer;
  std::string backend;
  std::string scheme;                    ///< "int4 per_group 32, dynamic"
  std::int64_t inputs = 0;               ///< M
  std::vector<std::int64_t> shape = {};  ///< (N, K)
  /// Codes, scales and sums of the activations, and int32 sums of the products, with ==. Empty where the layer has FP32
  /// activations and so none of these.
  std::optional<bool> codes_equal = {}, int32_equal = {};
  double max_float_error = 0;   ///< largest |y - exact| / (sum of |terms|); infinite where only one is finite
  double float_bound = 0;       ///< what that may be: see float_bound()
  std::string difference = {};  ///< the first: "int32 sum of input 3, output 17, group 0: expected 5, got 6"

  bool agrees() const { return difference.empty(); }

  /// Keys in the order of the alphabet.
  template <class V>
  void visit(V& v) {
    v("backend", backend);
    v("codes_equal", codes_equal);
    v("difference", difference);
    v("float_bound", float_bound);
    v("inputs", inputs);
    v("int32_equal", int32_equal);
    v("layer", layer);
    v("max_float_error", max_float_error);
    v("scheme", scheme);
    v("shape", shape);
  }
};

/// Runs every case on every backend, on its device, and compares
///   activations   codes, scales and sums with those of cpu-generic, by ==
///   int32 sums    with those of cpu-generic, by ==
///   float result  with the exact one, computed in double from the weight as it is stored, within float_bound()
/// Rows are ordered by layer, then backend. The active backends are the same afterwards.
std::vector<VerifyRow> verify(std::span<const VerifyCase> cases, std::span<const Backend* const> backends,
                              ProgressSink& progress);

/// What |y - exact| / (sum of |terms| of y) may be at most; u = 2^-24 is half a step of FP32.
///   integer products   y = (sum over groups of int32 * scale) * x scale + bias: each of some 2 groups + 5 operations
///                      rounds by at most u of the sum of |terms|, so (2 groups + 5) u.
///   FP32 activations, outlier split
///                      y is a sum of n = K + 2 groups + 5 terms, in another order on each backend. The worst
///                      case, n u, never occurs where n is large, since roundings up and down cancel: 8 sqrt(n) u fails
///                      with a probability below 1e-10 per value (Higham and Mary 2019,
///                      https://doi.org/10.1137/18M1226312).
double float_bound(const QuantizedMatrix& matrix);

}  // namespace octet
