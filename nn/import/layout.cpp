#include "nn/import/layout.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace octet {
namespace {

/// Neither format has these parts of attention.
void check_expressible(const GptConfig& config, const char* format) {
  const char* option = config.qk_norm              ? "model.qk_norm"
                       : config.attention_gate     ? "model.attention_gate"
                       : config.attention_clip > 0 ? "model.attention_clip"
                                                   : nullptr;
  if (option != nullptr) {
    fail(ErrorKind::config, "{0}: expected a model without {0}, which {1} cannot express", option, format);
  }
}

/// Collects parameters; shapes and ways to store follow from the configuration.
class LayoutBuilder {
 public:
  explicit LayoutBuilder(const GptConfig& config) : c_(config) {}

  void vector(const std::string& parameter, const std::string& name, std::int64_t size) {
    layout_.parameters.push_back({parameter, {{name, {size}}}});
  }
  void matrix(const std::string& parameter, const std::string& name, std::int64_t out, std::int64_t in) {
    layout_.parameters.push_back({parameter, {{name, {out, in}}}});
  }
  /// A linear layer, stored as rows, or as columns.
  void linear(const std::string& parameter, const std::string& name, std::int64_t out, std::int64_t in, bool with_bias,
              StoredAs stored = StoredAs::rows) {
    const Shape shape = stored == StoredAs::columns ? Shape{in, out} : Shape{out, in};
    layout_.parameters.push_back({parameter + ".weight", {{name + ".weight", shape, stored}}});
    if (with_bias) vector(parameter + ".bias", name + ".bias", out);
  }
  /// A LayerNorm.
  void layer_norm(const std::string& parameter, const std::string& name) {
    vector(parameter + ".gain", name + ".weight", c_.width);
    vector(parameter + ".bias", name + ".bias", c_.width);
  }
  /// Queries, keys and values of Llama, one under the other, from layers of these names.
  void llama_qkv(const std::string& parameter, const std::string& query, const std::string& key,
                 const std::string& value, StoredAs rotated) {
    const std::int64_t keys = c_.key_value_heads() * c_.head_dim();
    layout_.parameters.push_back({parameter + ".weight",
                                  {{query + ".weight", {c_.width, c_.width}, rotated, c_.heads},
                                   {key + ".weight", {keys, c_.width}, rotated, c_.key_value_heads()},
                                   {value + ".weight", {keys, c_.width}}}});
    if (!c_.has_qkv_bias()) return;
    layout_.parameters.push_back({parameter + ".bias",
                                  {{query + ".bias", {c_.width}, rotated, c_.heads},
                                   {key + ".bias", {keys}, rotated, c_.key_value_heads()},
                                   {value + ".bias", {keys}}}});
  }
  void constant(const std::string& name, StoredConstant::Kind kind) { layout_.constants.push_back({name, kind}); }

  SourceLayout layout() { return std::move(layout_); }

 private:
  const GptConfig& c_;
  SourceLayout layout_;
};

SourceLayout hugging_face_llama(const GptConfig& c, const std::string& prefix) {
  LayoutBuilder build(c);
  build.matrix("embedding.weight", prefix + "embed_tokens.weight", c.vocabulary, c.width);
  for (std::int64_t i = 0; i < c.layers; ++i) {
    const std::string from = fmt::format("{}layers.{}.", prefix, i), to = fmt::format("blocks.{}.", i);
    build.vector(to + "attention_norm.gain", from + "input_layernorm.weight", c.width);
    build.llama_qkv(to + "attention.qkv", from + "self_attn.q_proj", from + "self_attn.k_proj",
                    from + "self_attn.v_proj", StoredAs::rows);
    build.linear(to + "attention.output", from + "self_attn.o_proj", c.width, c.width, c.has_output_bias());
    build.vector(to + "mlp_norm.gain", from + "post_attention_layernorm.weight", c.width);
    build.linear(to + "mlp.gate", from + "mlp.gate_proj", c.hidden, c.width, c.has_mlp_bias());
    build.linear(to + "mlp.up", from + "mlp.up_proj", c.hidden, c.width, c.has_mlp_bias());
    build.linear(to + "mlp.down", from + "mlp.down_proj", c.width, c.hidden, c.has_mlp_bias());
    build.constant(from + "self_attn.rotary_emb.inv_freq", StoredConstant::Kind::inverse_frequencies);
  }
  build.vector("norm.gain", prefix + "norm.weight", c.width);
  return build.layout();
}

SourceLayout hugging_face_gpt2(const GptConfig& c, const std::string& prefix) {
  LayoutBuilder build(c);
  build.matrix("embedding.weight", prefix + "wte.weight", c.vocabulary, c.width);
  build.matrix("positions.weight", prefix + "wpe.weight", c.context, c.width);
  for (std::int64_t i = 0; i < c.layers; ++i) {
    const std::string from = fmt::format("{}h.{}.", prefix, i), to = fmt::format("blocks.{}.", i);
    build.layer_norm(to + "attention_norm", from + "ln_1");
    build.linear(to + "attention.qkv", from + "attn.c_attn", 3 * c.width, c.width, true, StoredAs::columns);
    build.linear(to + "attention.output", from + "attn.c_proj", c.width, c.width, true, StoredAs::columns);
    build.layer_norm(to + "mlp_norm", from + "ln_2");
    build.linear(to + "mlp.up", from + "mlp.c_fc", c.hidden, c.width, true, StoredAs::columns);
    build.linear(to + "mlp.down", from + "mlp.c_proj", c.width, c.hidden, true, StoredAs::columns);
    build.constant(from + "attn.bias", StoredConstant::Kind::causal_mask);
    build.constant(from + "attn.masked_bias", StoredConstant::Kind::large_negative);
  }
  build.layer_norm("norm", prefix + "ln_f");
  return build.layout();
}

SourceLayout gguf_llama(const GptConfig& c, StoredAs rotated) {
  LayoutBuilder build(c);
  build.matrix("embedding.weight", "token_embd.weight", c.vocabulary, c.width);
  for (std::int64_t i = 0; i < c.layers; ++i) {
    const std::string from = fmt::format("blk.{}.", i), to = fmt::format("blocks.{}.", i);
    build.vector(to + "attention_norm.gain", from + "attn_norm.weight", c.width);
    build.llama_qkv(to + "attention.qkv", from + "attn_q", from + "attn_k", from + "attn_v", rotated);
    build.linear(to + "attention.output", from + "attn_output", c.width, c.width, c.has_output_bias());
    build.vector(to + "mlp_norm.gain", from + "ffn_norm.weight", c.width);
    build.linear(to + "mlp.gate", from + "ffn_gate", c.hidden, c.width, c.has_mlp_bias());
    build.linear(to + "mlp.up", from + "ffn_up", c.hidden, c.width, c.has_mlp_bias());
    build.linear(to + "mlp.down", from + "ffn_down", c.width, c.hidden, c.has_mlp_bias());
  }
  build.vector("norm.gain", "output_norm.weight", c.width);
  return build.layout();
}

SourceLayout gguf_gpt2(const GptConfig& c) {
  LayoutBuilder build(c);
  build.matrix("embedding.weight", "token_embd.weight", c.vocabulary, c.width);
  build.matrix("positions.weight", "position_embd.weight", c.context, c.width);
  for (std::int64_t i = 0; i < c.layers; ++i) {
    const std::string from = fmt::format("blk.{}.", i), to = fmt::format("blocks.{}.", i);
    build.layer_norm(to + "attention_norm", from + "attn_norm");
    build.linear(to + "attention.qkv", from + "attn_qkv", 3 * c.width, c.width, true);
    build.linear(to + "attention.output", from + "attn_output", c.width, c.width, true);
    build.layer_norm(to + "mlp_norm", from + "ffn_norm");
    build.linear(to + "mlp.up", from + "ffn_up", c.hidden, c.width, true);
    build.linear(to + "mlp.down", from + "ffn_down", c.width, c.hidden, true);
  }
  build.layer_norm("norm", "output_norm");
  return build.layout();
}

/// The head of its own, or the copy of the embedding that some files have in its place.
SourceLayout with_head(SourceLayout layout, const GptConfig& c, const std::string& name) {
  if (c.tied_head) {
    layout.constants.push_back({name, StoredConstant::Kind::tied_head});
  } else {
    layout.parameters.push_back({"head.weight", {{name, {c.vocabulary, c.width}}}});
  }
  return layout;
}

}  // namespace

SourceLayout hugging_face_layout(const GptConfig& config, const std::string& prefix) {
  check_expressible(config, "a model of Hugging Face of this shape");
  return with_head(config.architecture == Architecture::llama ? hugging_face_llama(config, prefix)
                                                              : hugging_face_gpt2(config, prefix),
                   config, "lm_head.weight");
}

SourceLayout hugging_face_layout(const GptConfig& config) {
  return hugging_face_layout(config, hugging_face_prefix(config.architecture));
}

std::string hugging_face_prefix(Architecture architecture) {
  return architecture == Architecture::llama ? "model." : "transformer.";
}

std::string gguf_architecture(const GptConfig& config) {
  if (config.architecture == Architecture::gpt2) return "gpt2";
  return config.qkv_bias && !config.output_bias && !config.mlp_bias ? "qwen2" : "llama";
}

SourceLayout gguf_layout(const GptConfig& config, std::string_view architecture) {
  check_expressible(config, "a GGUF file of this architecture");
  const StoredAs rotated = architecture == "llama" ? StoredAs::neighbour_pairs : StoredAs::rows;
  return with_head(config.architecture == Architecture::llama ? gguf_llama(config, rotated) : gguf_gpt2(config), config,
                   "output.weight");
}

}  // namespace octet
