#include "nn/quantized_matrix.h"

#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/linear.h"

namespace octet {

QuantizedMatrix::QuantizedMatrix(AnyWeight weight, Activations activations)
    : weight_(std::move(weight)), activations_(activations) {
  if (activations == Activations::dynamic) {
    packed_ = pack(weight_);
  }
}

Tensor QuantizedMatrix::project(const Tensor& x, const Tensor& bias) const {
  return packed_ ? dynamic_linear(x, *packed_, bias) : linear(x, dequantize(weight_), bias);
}

Tensor QuantizedMatrix::lookup(const Tensor& ids) const {
  const Tensor dense = ids.is_contiguous() ? ids : ids.clone();
  std::vector<std::int64_t> sizes(ids.shape().sizes().begin(), ids.shape().sizes().end());
  sizes.push_back(columns());
  Tensor y = Tensor::empty(Shape(std::span<const std::int64_t>(sizes)));
  float* out = y.data<float>();
  for (const std::int32_t id : dense.span<std::int32_t>()) {
    check(id >= 0 && id < rows(), "[embedding] expected ids from 0 to {}, got {}", rows() - 1, id);
    dequantize_rows(weight_, id, 1, out);
    out += columns();
  }
  return y;
}

std::string QuantizedMatrix::describe() const {
  return fmt::format("{}, {}", octet::describe(weight_), enum_name(activations_));
}

}  // namespace octet
