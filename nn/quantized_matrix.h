#pragma once

#include "tensor/formats/any_weight.h"

namespace octet {

/// What a product with a quantized weight multiplies.
///   weight_only  FP32 activations; codes become floats in registers: an FP32 product that reads fewer bytes
///   dynamic      int8 activations, one scale per token computed on the fly, with the integer codes: int32 sums
enum class Activations { weight_only, dynamic };

template <>
inline constexpr auto enum_names<Activations> = std::to_array<EnumName<Activations>>(
    {{Activations::weight_only, "weight_only"}, {Activations::dynamic, "dynamic"}});

/// A stored weight W (N, K) and how to multiply with it: what QuantizedLinear and QuantizedEmbedding share.
class QuantizedMatrix {
 public:
  /// Errors: (config) dynamic activations with a format that has no integer codes.
  QuantizedMatrix(AnyWeight weight, Activations activations);

  /// y = x W^T + bias; x (..., K), bias (N) or undefined, y (..., N).
  Tensor project(const Tensor& x, const Tensor& bias = {}) const;
  /// Rows of W chosen by `ids` (...) of i32 -> (..., K); only these are dequantized. Errors: an id outside [0, N).
  Tensor lookup(const Tensor& ids) const;

  const AnyWeight& weight() const { return weight_; }
  Activations activations() const { return activations_; }
  std::int64_t rows() const { return octet::rows(weight_); }
  std::int64_t columns() const { return octet::columns(weight_); }
  /// The weight in the order of the kernels.
  const PackedWeight& packed() const { return packed_; }
  /// "int8 per_channel, dynamic"
  std::string describe() const;

 private:
  AnyWeight weight_;
  Activations activations_;
  PackedWeight packed_;
};

}  // namespace octet
