#pragma once

#include <memory>

#include "nn/layers/gpt_config.h"
#include "nn/layers/layer_input.h"
#include "nn/layers/module.h"
#include "tensor/ops/norm.h"

namespace octet {

/// A normalisation over the last dimension: x (..., C) -> (..., C).
class NormBase : public Module {
 public:
  virtual Tensor operator()(const Tensor& x) = 0;
  /// The norm as the layers behind it read it: with its codes where `codes` says which they multiply. While gradients
  /// are recorded there are none.
  LayerInput for_layers(const Tensor& x, const std::optional<CodeScheme>& codes);

 protected:
  virtual NormCodes with_codes(const Tensor& x, const CodeScheme& scheme) = 0;
};

/// (x - mean) / sqrt(variance + epsilon) * gain + bias; gain, bias (C). GPT-2's norm.
class LayerNorm : public NormBase {
 public:
  LayerNorm(std::int64_t width, double epsilon);
  Tensor operator()(const Tensor& x) override;

  Parameter gain;
  Parameter bias;

 protected:
  NormCodes with_codes(const Tensor& x, const CodeScheme& scheme) override;

 private:
  float epsilon_;
};

/// x / sqrt(mean(x^2) + epsilon) * gain; gain (C). Llama's norm.
class RmsNorm : public NormBase {
 public:
  RmsNorm(std::int64_t width, double epsilon);
  Tensor operator()(const Tensor& x) override;

  Parameter gain;

 protected:
  NormCodes with_codes(const Tensor& x, const CodeScheme& scheme) override;

 private:
  float epsilon_;
};

/// The norm of the architecture, of the model's width.
std::unique_ptr<NormBase> make_norm(const GptConfig& config);

}  // namespace octet
