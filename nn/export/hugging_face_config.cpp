#include "nn/export/hugging_face_config.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace octet {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson id_or_null(std::optional<std::int32_t> id) {
  return id ? OrderedJson(*id) : OrderedJson(nullptr);
}

/// Qwen 2 has biases of queries, keys and values alone; Llama of all four layers of attention or of none.
bool is_qwen(const GptConfig& c) {
  if (c.qkv_bias == c.output_bias) return false;
  if (!c.qkv_bias || c.mlp_bias) {
    fail(ErrorKind::config,
         "--to hf: expected biases as a model of transformers has them (qkv_bias alone, or like output_bias), got "
         "qkv_bias {}, output_bias {}, mlp_bias {}; --to gguf writes any",
         c.qkv_bias, c.output_bias, c.mlp_bias);
  }
  return true;
}

OrderedJson llama(const GptConfig& c) {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"vocab_size", c.vocabulary},
          {"max_position_embeddings", c.context},
          {"hidden_size", c.width},
          {"intermediate_size", c.hidden},
          {"num_hidden_layers", c.layers},
          {"num_attention_heads", c.heads},
          {"num_key_value_heads", c.key_value_heads()},
          {"head_dim", c.head_dim()},
          {"hidden_act", "silu"},
          {"rms_norm_eps", c.norm_epsilon},
          {"rope_theta", c.rope_theta},
          {"rope_scaling", nullptr},
          {"attention_bias", c.output_bias},
          {"mlp_bias", c.mlp_bias},
          {"attention_dropout", 0.0}};
}

OrderedJson qwen(const GptConfig& c) {
  OrderedJson json = llama(c);
  for (const char* key : {"attention_bias", "mlp_bias"}) json.erase(key);
  json["architectures"] = {"Qwen2ForCausalLM"};
  json["model_type"] = "qwen2";
  json["use_sliding_window"] = false;
  return json;
}

OrderedJson gpt2(const GptConfig& c) {
  return {{"architectures", {"GPT2LMHeadModel"}},
          {"model_type", "gpt2"},
          {"vocab_size", c.vocabulary},
          {"n_positions", c.context},
          {"n_ctx", c.context},
          {"n_embd", c.width},
          {"n_inner", c.hidden},
          {"n_layer", c.layers},
          {"n_head", c.heads},
          {"activation_function", "gelu_new"},
          {"layer_norm_epsilon", c.norm_epsilon},
          {"scale_attn_weights", true},
          {"resid_pdrop", c.dropout},
          {"embd_pdrop", c.dropout},
          {"attn_pdrop", 0.0}};
}

}  // namespace

OrderedJson hugging_face_config(const GptConfig& config, const Tokenizer& tokenizer) {
  OrderedJson json = config.architecture == Architecture::gpt2 ? gpt2(config)
                     : is_qwen(config)                         ? qwen(config)
                                                               : llama(config);
  json["initializer_range"] = 0.02;
  json["tie_word_embeddings"] = config.tied_head;
  json["bos_token_id"] = id_or_null(tokenizer.vocabulary().bos);
  json["eos_token_id"] = id_or_null(tokenizer.end_of_text());
  json["use_cache"] = true;
  json["torch_dtype"] = "float32";
  return json;
}

OrderedJson hugging_face_tokenizer_config(const GptConfig& config, const Tokenizer& tokenizer) {
  OrderedJson json = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                      {"model_max_length", config.context},
                      {"clean_up_tokenization_spaces", false}};
  if (tokenizer.vocabulary().bos) json["bos_token"] = tokenizer.token(*tokenizer.vocabulary().bos);
  if (tokenizer.end_of_text()) json["eos_token"] = tokenizer.token(*tokenizer.end_of_text());
  return json;
}

}  // namespace octet
