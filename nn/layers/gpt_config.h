#pragma once

#include <cstdint>

#include "base/config/field.h"

namespace octet {

/// gpt2: LayerNorm, learned positions, GELU (tanh), biases. llama: RMSNorm, RoPE, SwiGLU, grouped heads, biases where
/// they are asked for.
enum class Architecture { gpt2, llama };

template <>
inline constexpr auto enum_names<Architecture> =
    std::to_array<EnumName<Architecture>>({{Architecture::gpt2, "gpt2"}, {Architecture::llama, "llama"}});

/// What a model rotates while it runs (nn/layers/online_rotation.h), so that outliers become small parts in all
/// channels. Its weights must be those for rotated inputs: quant/transforms/rotate.h makes them.
struct OnlineRotations {
  bool down = false;       ///< the inputs of mlp.down, all F together
  bool heads = false;      ///< queries, keys and values of each head, behind the rotation by positions
  std::uint64_t seed = 1;  ///< of the signs

  bool any() const { return down || heads; }

  template <class V>
  void visit(V& v) {
    v("down", down);
    v("heads", heads);
    v("seed", seed);
  }
};

/// Shape of a Gpt: the `model` section of a configuration.
struct GptConfig {
  Architecture architecture = Architecture::llama;
  std::int64_t vocabulary = 1024;  ///< V; a run that trains a tokenizer sets it from there
  std::int64_t context = 256;      ///< T, the longest sequence
  std::int64_t width = 192;        ///< C
  std::int64_t layers = 4;
  std::int64_t heads = 6;     ///< H, divides the width
  std::int64_t kv_heads = 0;  ///< Hkv, divides the heads; 0: as many as heads
  std::int64_t hidden = 512;  ///< F, the inner width of the MLP
  bool tied_head = true;      ///< the output head is the token embedding
  bool qkv_bias = false;      ///< llama: queries, keys and values have biases, as in Qwen 2
  bool output_bias = false;   ///< llama: the output of attention has one
  bool mlp_bias = false;      ///< llama: all layers of the MLP have one
  double dropout = 0.0;
  double norm_epsilon = 1e-5;
  double rope_theta = 10000.0;
  bool qk_norm = false;            ///< queries and keys of each head are normalised (nn/layers/attention.h)
  bool attention_gate = false;     ///< each head's output is multiplied by a gate (nn/layers/attention.h)
  double attention_clip = 0.0;     ///< how much clipped softmax takes off; 0: plain softmax (nn/layers/attention.h)
  OnlineRotations rotations = {};  ///< of a quantized model whose recipe asks for them

  std::int64_t head_dim() const { return width / heads; }
  std::int64_t key_value_heads() const { return kv_heads == 0 ? heads : kv_heads; }
  double attention_gamma() const { return -attention_clip / static_cast<double>(context); }
  bool has_biases() const { return architecture == Architecture::gpt2; }  ///< in norms and all layers but the head
  bool has_qkv_bias() const { return has_biases() || qkv_bias; }
  bool has_output_bias() const { return has_biases() || output_bias; }
  bool has_mlp_bias() const { return has_biases() || mlp_bias; }

  template <class V>
  void visit(V& v) {
    v("architecture", architecture);
    v("vocabulary", vocabulary, in_range(2, 1 << 24));
    v("context", context, in_range(1, 1 << 20));
    v("width", width, in_range(1, 1 << 16));
    v("layers", layers, in_range(1, 1 << 10));
    v("heads", heads, at_least(1));
    v("kv_heads", kv_heads, at_least(0));
    v("hidden", hidden, in_range(1, 1 << 18));
    v("tied_head", tied_head);
    v("qkv_bias", qkv_bias);
    v("output_bias", output_bias);
    v("mlp_bias", mlp_bias);
    v("dropout", dropout, in_range(0.0, 0.95));
    v("norm_epsilon", norm_epsilon, in_range(1e-20, 1));  // kernels compute with floats
    v("rope_theta", rope_theta, in_range(1, 1e20));
    v("qk_norm", qk_norm);
    v("attention_gate", attention_gate);
    v("attention_clip", attention_clip, in_range(0.0, 100.0));
    v("rotations", rotations);
  }
  void validate(Problems& problems) const;
};

/// `config` itself; ErrorKind::config naming every rule it breaks.
const GptConfig& checked(const GptConfig& config);

}  // namespace octet
