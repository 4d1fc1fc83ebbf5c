#include "nn/layers/quantized_linear.h"

namespace octet {

QuantizedLinear::QuantizedLinear(AnyWeight weight, bool with_bias, ActivationScheme activations,
                                 std::optional<LowRank> low_rank)
    : matrix(std::move(weight), activations, std::move(low_rank)),
      bias(with_bias ? std::make_unique<Parameter>(*this, "bias", Shape{matrix.rows()}) : nullptr) {}

std::unique_ptr<QuantizedLinear> QuantizedLinear::from_linear(const Linear& layer, AnyWeight weight,
                                                              ActivationScheme activations,
                                                              std::optional<LowRank> low_rank) {
  const Shape got{rows(weight), columns(weight)};
  check(got == layer.weight.value().shape(), "[quantized linear] expected a weight of shape {}, got {}",
        layer.weight.value().shape(), got);
  auto result =
      std::make_unique<QuantizedLinear>(std::move(weight), layer.bias != nullptr, activations, std::move(low_rank));
  if (layer.bias) {
    result->bias->set_value(layer.bias->value());
  }
  result->to(layer.device());
  return result;
}

Tensor QuantizedLinear::forward(const LayerInput& input, const Epilogue& epilogue) {
  return matrix.project(input, bias ? bias->value() : Tensor(), epilogue);
}

}  // namespace octet
