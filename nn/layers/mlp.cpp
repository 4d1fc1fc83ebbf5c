#include "nn/layers/mlp.h"

#include "tensor/ops/activation.h"

namespace octet {

namespace {

std::unique_ptr<Linear> layer_of(const GptConfig& config, std::int64_t in, std::int64_t out) {
  return std::make_unique<Linear>(in, out, config.has_mlp_bias());
}

}  // namespace

MlpBase::MlpBase(const GptConfig& config) {
  if (config.rotations.down) {
    rotation_ = std::make_unique<Child<OnlineRotation>>(
        *this, "rotation", std::make_unique<OnlineRotation>(config.hidden, config.rotations.seed));
  }
}

Mlp::Mlp(const GptConfig& config)
    : MlpBase(config),
      up(*this, "up", layer_of(config, config.width, config.hidden)),
      down(*this, "down", layer_of(config, config.hidden, config.width)) {}

Tensor Mlp::operator()(const LayerInput& x, const Epilogue& epilogue) {
  return down(for_down(up(x, Nonlinearity::gelu)), epilogue);
}

SwigluMlp::SwigluMlp(const GptConfig& config)
    : MlpBase(config),
      gate(*this, "gate", layer_of(config, config.width, config.hidden)),
      up(*this, "up", layer_of(config, config.width, config.hidden)),
      down(*this, "down", layer_of(config, config.hidden, config.width)) {}

Tensor SwigluMlp::operator()(const LayerInput& x, const Epilogue& epilogue) {
  const Tensor gated = gate(x);  // in this order on every compiler: observers see the layers as listed
  return down(for_down(up(x, Epilogue::swiglu(gated))), epilogue);
}

std::unique_ptr<MlpBase> make_mlp(const GptConfig& config) {
  if (config.architecture == Architecture::gpt2) {
    return std::make_unique<Mlp>(config);
  }
  return std::make_unique<SwigluMlp>(config);
}

}  // namespace octet
