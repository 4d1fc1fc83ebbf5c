#include "nn/layers/norm.h"

#include "tensor/ops/norm.h"

namespace octet {

LayerNorm::LayerNorm(std::int64_t width, double epsilon)
    : gain(*this, "gain", {width}), bias(*this, "bias", {width}), epsilon_(static_cast<float>(epsilon)) {}

Tensor LayerNorm::operator()(const Tensor& x) {
  return layer_norm(x, gain, bias, epsilon_);
}

RmsNorm::RmsNorm(std::int64_t width, double epsilon)
    : gain(*this, "gain", {width}), epsilon_(static_cast<float>(epsilon)) {}

Tensor RmsNorm::operator()(const Tensor& x) {
  return rms_norm(x, gain, epsilon_);
}

std::unique_ptr<NormBase> make_norm(const GptConfig& config) {
  if (config.architecture == Architecture::gpt2) {
    return std::make_unique<LayerNorm>(config.width, config.norm_epsilon);
  }
  return std::make_unique<RmsNorm>(config.width, config.norm_epsilon);
}

}  // namespace octet
