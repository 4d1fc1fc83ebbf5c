#include "nn/quantized_matrix.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/weight_linear.h"

namespace octet {

QuantizedMatrix::QuantizedMatrix(AnyWeight weight, Activations activations)
    : weight_(std::move(weight)), activations_(activations), packed_(pack(weight_)) {
  if (activations == Activations::dynamic && !packed_.has_integer_codes()) {
    fail(ErrorKind::config, "[quantize] expected a format with integer codes, got {}", octet::describe(weight_));
  }
}

Tensor QuantizedMatrix::project(const Tensor& x, const Tensor& bias) const {
  if (activations_ == Activations::dynamic) {
    return dynamic_linear(x, packed_, bias);
  }
  // Gradients flow through the dequantized weight to the activations, as an adapter needs them.
  const bool needs_gradient = grad_enabled() && (x.requires_grad() || (bias.defined() && bias.requires_grad()));
  return needs_gradient ? linear(x, dequantize(weight_), bias) : weight_linear(x, packed_, bias);
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
