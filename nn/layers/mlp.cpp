#include "nn/layers/mlp.h"

#include "tensor/ops/activation.h"

namespace octet {

Mlp::Mlp(std::int64_t width, std::int64_t hidden, bool with_bias)
    : up(*this, "up", std::make_unique<Linear>(width, hidden, with_bias)),
      down(*this, "down", std::make_unique<Linear>(hidden, width, with_bias)) {}

Tensor Mlp::operator()(const LayerInput& x, const Epilogue& epilogue) {
  return down(up(x, Nonlinearity::gelu), epilogue);
}

SwigluMlp::SwigluMlp(std::int64_t width, std::int64_t hidden, bool with_bias)
    : gate(*this, "gate", std::make_unique<Linear>(width, hidden, with_bias)),
      up(*this, "up", std::make_unique<Linear>(width, hidden, with_bias)),
      down(*this, "down", std::make_unique<Linear>(hidden, width, with_bias)) {}

Tensor SwigluMlp::operator()(const LayerInput& x, const Epilogue& epilogue) {
  const Tensor gated = gate(x);  // in this order on every compiler: observers see the layers as listed
  return down(up(x, Epilogue::swiglu(gated)), epilogue);
}

std::unique_ptr<MlpBase> make_mlp(const GptConfig& config) {
  if (config.architecture == Architecture::gpt2) {
    return std::make_unique<Mlp>(config.width, config.hidden, config.has_mlp_bias());
  }
  return std::make_unique<SwigluMlp>(config.width, config.hidden, config.has_mlp_bias());
}

}  // namespace octet
