#pragma once

#include <memory>

#include "nn/layers/gpt_config.h"
#include "nn/layers/linear.h"
#include "nn/layers/online_rotation.h"

namespace octet {

/// The part of a block that works on each position alone: x (..., C) -> (..., C), through F hidden values.
class MlpBase : public Module {
 public:
  /// `epilogue` is that of the last product.
  virtual Tensor operator()(const LayerInput& x, const Epilogue& epilogue = {}) = 0;
  /// Which codes of its input it multiplies.
  virtual std::optional<CodeScheme> input_codes() const = 0;

 protected:
  explicit MlpBase(const GptConfig& config);
  /// What `down` reads of the hidden values.
  Tensor for_down(const Tensor& hidden) const { return rotation_ ? (*rotation_)(hidden) : hidden; }

 private:
  std::unique_ptr<Child<OnlineRotation>> rotation_;  // none: down reads them as they are
};

/// GPT-2: down(gelu(up(x))).
class Mlp : public MlpBase {
 public:
  explicit Mlp(const GptConfig& config);
  Tensor operator()(const LayerInput& x, const Epilogue& epilogue = {}) override;
  std::optional<CodeScheme> input_codes() const override { return up->input_codes(); }

  Child<LinearBase> up;    // C -> F
  Child<LinearBase> down;  // F -> C
};

/// Llama: down(silu(gate(x)) * up(x)). Shazeer 2020, https://arxiv.org/abs/2002.05202, equation 6.
class SwigluMlp : public MlpBase {
 public:
  explicit SwigluMlp(const GptConfig& config);
  Tensor operator()(const LayerInput& x, const Epilogue& epilogue = {}) override;
  std::optional<CodeScheme> input_codes() const override { return up->input_codes(); }

  Child<LinearBase> gate;  // C -> F
  Child<LinearBase> up;    // C -> F
  Child<LinearBase> down;  // F -> C
};

/// The MLP of the architecture.
std::unique_ptr<MlpBase> make_mlp(const GptConfig& config);

}  // namespace octet
