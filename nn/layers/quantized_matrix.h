#pragma once

#include "nn/layers/layer_input.h"
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
  float input_scale = 0.0F;  ///< of static_scale: the step of the int8 grid of every input
  float threshold = 6.0F;    ///< of outlier_split: |x| from which a column is an outlier

  ActivationScheme(Activations which) : kind(which) {}
  static ActivationScheme fixed(float input_scale);
  static ActivationScheme split(float threshold);
};

/// A stored weight W (N, K) and how to multiply with it: what QuantizedLinear and QuantizedEmbedding share.
class QuantizedMatrix {
 public:
  /// Errors: (config) int8 activations with a format that has no integer codes; a static scale that is not positive and
  /// finite; a negative threshold.
  QuantizedMatrix(AnyWeight weight, ActivationScheme activations);

  /// y = f(x W^T + bias) + residual; x (..., K), bias (N) or undefined, y (..., N).
  /// Codes that come with x are multiplied where they are those of input_codes().
  Tensor project(const LayerInput& input, const Tensor& bias = {}, const Epilogue& epilogue = {}) const;
  /// Which codes of x project() multiplies; none where it reads floats, or where columns are split off.
  std::optional<CodeScheme> input_codes() const;
  /// The codes of x that project() multiplies: without outlier columns where they are split off. Errors: weight_only.
  QuantizedRows quantize(const Tensor& x) const;
  /// Rows of W chosen by `ids` (...) of i32 -> (..., K), as unpack_rows() has them: those of int4 with a minimum are
  /// rounded once more than by dequantize().
  Tensor lookup(const Tensor& ids) const { return unpack_rows(packed_, ids); }

  /// Moves what project() multiplies with and lookup() reads; weight() stays in CPU memory.
  void to(DeviceKind device) { packed_ = packed_.to(device); }

  const AnyWeight& weight() const { return weight_; }
  Activations activations() const { return activations_.kind; }
  const ActivationScheme& activation_scheme() const { return activations_; }
  std::int64_t rows() const { return octet::rows(weight_); }
  std::int64_t columns() const { return octet::columns(weight_); }
  /// The weight in the order of the kernels.
  const PackedWeight& packed() const { return packed_; }
  /// "int8 per_channel, dynamic"; a static scale is not named, so that layers of one scheme read alike.
  std::string describe() const;

 private:
  AnyWeight weight_;
  ActivationScheme activations_;
  PackedWeight packed_;
};

}  // namespace octet
