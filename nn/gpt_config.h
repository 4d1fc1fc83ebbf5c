#pragma once

#include <cstdint>

namespace octet {

/// gpt2: LayerNorm, learned positions, GELU (tanh), biases. llama: RMSNorm, RoPE, SwiGLU, grouped heads, no biases.
enum class Architecture { gpt2, llama };

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
  double dropout = 0.0;
  double norm_epsilon = 1e-5;
  double rope_theta = 10000.0;

  std::int64_t head_dim() const { return width / heads; }
  std::int64_t key_value_heads() const { return kv_heads == 0 ? heads : kv_heads; }
};

}  // namespace octet
