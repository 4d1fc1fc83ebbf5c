#include "eval/experiments/rounded_inputs.h"

#include "tensor/formats/int8_weight.h"

namespace octet {
namespace {

/// Codes of 1 on the diagonal, with the scale 1.
Int8Weight identity(std::int64_t n) {
  Codes codes{Tensor::zeros({n, n}, DType::i8), Tensor::full({1}, 1.0F), 8, Granularity::per_tensor};
  for (std::int64_t i = 0; i < n; ++i) codes.codes.data<std::int8_t>()[i * n + i] = 1;
  return Int8Weight(std::move(codes));
}

}  // namespace

RoundedInputs::RoundedInputs(std::unique_ptr<LinearBase> inner, const ActivationScheme& activations)
    : layer(*this, "layer", std::move(inner)), identity_(identity(layer->in_features()), activations) {}

Tensor RoundedInputs::forward(const LayerInput& input, const Epilogue& epilogue) {
  return layer(identity_.project(input.x), epilogue);
}

}  // namespace octet
