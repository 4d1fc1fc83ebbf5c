#pragma once

#include <memory>

#include "nn/layers/block.h"
#include "nn/layers/embedding.h"

namespace octet {

/// A decoder-only language model of GPT-2 or Llama shape. Its layers stand in slots, so that a pass can replace them in
/// place. Dotted names of the parameters, the keys of checkpoints and optimizers:
///
///     embedding.weight                               (V, C), also the output head where it is tied
///     positions.weight                               (T, C), gpt2
///     blocks.N.attention_norm.{gain,bias}            bias: gpt2
///     blocks.N.attention.{qkv,output}.{weight,bias}
///     blocks.N.attention.{query_norm,key_norm}.gain  (D), with qk_norm
///     blocks.N.attention.gate.{weight,bias}          (H, C) and (H), with attention_gate
///     blocks.N.mlp_norm.{gain,bias}
///     blocks.N.mlp.{gate,up,down}.{weight,bias}      gate: llama; biases: gpt2, in llama as configured
///     norm.{gain,bias}
///     head.weight                                    (V, C), where it is not tied
///
/// Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"; Touvron et al. 2023,
/// https://arxiv.org/abs/2302.13971, section 2.2.
class Gpt : public Module {
  GptConfig config_;  // declared first: it is checked before children are made from it

 public:
  /// All weights zero and gains zero: `initialize` or `load_model` fills them. ErrorKind::config where the
  /// configuration contradicts itself.
  explicit Gpt(const GptConfig& config);

  const GptConfig& config() const { return config_; }

  /// Logits (B, T, V) of the next token after each position; ids (B, T) of i32, with T plus what the cache holds at
  /// most the context. With a cache the ids continue what it holds, and it grows by T.
  Tensor forward(const Tensor& ids, const ForwardOptions& options = {});

  /// The two parts of forward: vectors (B, T, C) of the ids and their positions, and the logits of such vectors. They
  /// do not make the cache grow.
  Tensor embed(const Tensor& ids, const ForwardOptions& options);
  Tensor transform(const Tensor& embedded, const ForwardOptions& options);

  /// Mean cross-entropy in nats of `targets` (B, T) of i32, the ids that follow.
  Tensor loss(const Tensor& ids, const Tensor& targets, const ForwardOptions& options = {});

  Child<EmbeddingBase> embedding;
  std::unique_ptr<Child<PositionTable>> positions;  ///< none in llama: attention rotates instead
  Child<ChildList<Block>> blocks;
  Child<NormBase> norm;
  std::unique_ptr<Child<LinearBase>> head;  ///< none where the head is tied

 private:
  void check_ids(const Tensor& ids, const ForwardOptions& options) const;
  Tensor logits_of(const Tensor& hidden);
};

}  // namespace octet
