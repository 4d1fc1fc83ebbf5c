#include "nn/layers/norm.h"

#include "tensor/autograd/node.h"

namespace octet {

LayerInput NormBase::for_layers(const Tensor& x, const std::optional<CodeScheme>& codes) {
  if (!codes || grad_enabled()) {
    return (*this)(x);
  }
  NormCodes both = with_codes(x, *codes);
  return {std::move(both.y), std::move(both.codes)};
}

LayerNorm::LayerNorm(std::int64_t width, double epsilon)
    : gain(*this, "gain", {width}), bias(*this, "bias", {width}), epsilon_(static_cast<float>(epsilon)) {}

Tensor LayerNorm::operator()(const Tensor& x) {
  return layer_norm(x, gain, bias, epsilon_);
}

NormCodes LayerNorm::with_codes(const Tensor& x, const CodeScheme& scheme) {
  return layer_norm_codes(x, gain, bias, epsilon_, scheme);
}

RmsNorm::RmsNorm(std::int64_t width, double epsilon)
    : gain(*this, "gain", {width}), epsilon_(static_cast<float>(epsilon)) {}

Tensor RmsNorm::operator()(const Tensor& x) {
  return rms_norm(x, gain, epsilon_);
}

NormCodes RmsNorm::with_codes(const Tensor& x, const CodeScheme& scheme) {
  return rms_norm_codes(x, gain, epsilon_, scheme);
}

std::unique_ptr<NormBase> make_norm(const GptConfig& config) {
  if (config.architecture == Architecture::gpt2) {
    return std::make_unique<LayerNorm>(config.width, config.norm_epsilon);
  }
  return std::make_unique<RmsNorm>(config.width, config.norm_epsilon);
}

}  // namespace octet
