#include "nn/layers/linear.h"

#include "tensor/ops/activation.h"
#include "tensor/ops/linear.h"

namespace octet {

Linear::Linear(std::int64_t in_features, std::int64_t out_features, bool with_bias)
    : weight(*this, "weight", {out_features, in_features}),
      bias(with_bias ? std::make_unique<Parameter>(*this, "bias", Shape{out_features}) : nullptr) {}

Tensor Linear::forward(const LayerInput& input, const Epilogue& epilogue) {
  const Tensor& x = input.x;
  const Tensor b = bias ? bias->value() : Tensor();
  return epilogue.f == Nonlinearity::none ? linear(x, weight, b, epilogue.residual)
                                          : apply_epilogue(linear(x, weight, b), epilogue);
}

}  // namespace octet
