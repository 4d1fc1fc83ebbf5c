#pragma once

#include "nn/layers/layer_input.h"
#include "nn/layers/low_rank_product.h"
#include "tensor/formats/any_weight.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/unpack_rows.h"

namespace octet {

/// What a product with a quantized weight multiplies.
///   weight_only     FP32 activations; codes become floats in registers: an FP32 product that reads fewer bytes
///   dynamic         int8 activations, one scale per token computed on the fly, with the integer codes: int32 sums
///   static_scale    the same with one scale for all inputs of the layer, found by calibration: no look at the input
///                   before rounding it, but what is beyond 127 steps is clipped ("static" in configurations)
///   outlier_split   dynamic, except for columns with huge values, which multiply dequantized weights in FP32
enum class Activations { weight_only, dynamic, static_scale, outlier_split };

template <>
inline constexpr auto enum_names<Activations> =
    std::to_array<EnumName<Activations>>({{Activations::weight_only, "weight_only"},
                                          {Activations::dynamic, "dynamic"},
                                          {Activations::static_scale, "static"},
                                          {Activations::outlier_split, "outlier_split"}});

/// Activations with the numbers that some kinds need.
struct ActivationScheme {
  Activations kind = Activations::weight_only;
  float input_scale = 0.0F;  ///< of static_scale: the step s of the int8 grid of every input
  int zero_point = 0;        ///< of static_scale: the code z that 0 has; x is s (code - z). Not 0: an asymmetric grid
  float threshold = 6.0F;    ///< of outlier_split: |x| from which a column is an outlier

  ActivationScheme(Activations which) : kind(which) {}
  static ActivationScheme fixed(float input_scale, int zero_point = 0);
  static ActivationScheme split(float threshold);
};

/// A stored weight W (N, K) and how to multiply with it: what QuantizedLinear and QuantizedEmbedding share.
///
/// A zero point costs the integer product nothing. With x = s (q - z),
///
///     sum over k of w_nk x_k = s (sum over k of w_nk q_k) - s z (sum over k of w_nk)
///
/// so that codes of x + s z are multiplied as those of a symmetric grid are, and the bias takes the second sum, which
/// depends on the weight alone.
///
/// Where W was rounded, a low-rank correction A B may stand beside it: the matrix is then W + A B. Its product reads x
/// as it is, not the codes of x.
class QuantizedMatrix {
 public:
  /// Errors: (config) int8 activations with a format that has no integer codes; a static scale that is not positive and
  /// finite; a zero point beyond +-127; a negative threshold; (run) a correction of another shape.
  QuantizedMatrix(AnyWeight weight, ActivationScheme activations, std::optional<LowRank> low_rank = {});

  /// y = f(x (W + A B)^T + bias) + residual; x (..., K), bias (N) or undefined, y (..., N).
  /// Codes that come with x are multiplied where they are those of input_codes().
  Tensor project(const LayerInput& input, const Tensor& bias = {}, const Epilogue& epilogue = {}) const;
  /// What project() adds to its bias because of the zero point: (N) of f32, or undefined.
  const Tensor& correction() const { return correction_; }
  /// Which codes of x project() multiplies; none where it reads floats, where columns are split off or with a zero
  /// point: whoever rounds x for several layers knows symmetric grids alone.
  std::optional<CodeScheme> input_codes() const;
  /// The codes of x that project() multiplies: without outlier columns where they are split off. Errors: weight_only.
  QuantizedRows quantize(const Tensor& x) const;
  /// Rows of W chosen by `ids` (...) of i32 -> (..., K), as unpack_rows() has them: those of int4 with a minimum are
  /// rounded once more than by dequantize().
  Tensor lookup(const Tensor& ids) const;

  /// Moves what project() multiplies with and lookup() reads; weight() stays in CPU memory.
  void to(DeviceKind device);

  /// W alone, and what is stored beside it: null where nothing is.
  const AnyWeight& weight() const { return weight_; }
  const LowRank* low_rank() const { return low_rank_ ? &low_rank_->stored() : nullptr; }
  /// W + A B (N, K) as the numbers that it stands for, in CPU memory.
  Tensor dequantized() const;
  /// What W, A and B take in a file.
  std::int64_t bytes() const;
  Activations activations() const { return activations_.kind; }
  const ActivationScheme& activation_scheme() const { return activations_; }
  std::int64_t rows() const { return octet::rows(weight_); }
  std::int64_t columns() const { return octet::columns(weight_); }
  /// The weight in the order of the kernels.
  const PackedWeight& packed() const { return packed_; }
  /// "int8 per_channel, dynamic", "int4 per_group 32 + rank 16, dynamic"; a static scale is not named, so that layers
  /// of one scheme read alike.
  std::string describe() const;

 private:
  Tensor project_weight(const LayerInput& input, const Tensor& bias, const Epilogue& epilogue) const;

  AnyWeight weight_;
  ActivationScheme activations_;
  std::optional<LowRankProduct> low_rank_;
  PackedWeight packed_;
  Tensor shift_;       // (K) of f32, s z; undefined without a zero point
  Tensor correction_;  // (N) of f32, -s z times the sum of each row of W
};

}  // namespace octet
