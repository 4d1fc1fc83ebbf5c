#include "nn/import/hugging_face_config.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/shown_text.h"

namespace octet {
namespace {

using Json = nlohmann::json;

/// Keys that do not change what the model computes from ids: names, training, generation, storage.
const std::set<std::string>& harmless_keys() {
  static const std::set<std::string> keys = {"_name_or_path",
                                             "_commit_hash",
                                             "architectures",
                                             "attention_dropout",
                                             "attn_pdrop",
                                             "bad_words_ids",
                                             "begin_suppress_tokens",
                                             "chunk_size_feed_forward",
                                             "decoder_start_token_id",
                                             "diversity_penalty",
                                             "do_sample",
                                             "dtype",
                                             "early_stopping",
                                             "embd_pdrop",
                                             "encoder_no_repeat_ngram_size",
                                             "exponential_decay_length_penalty",
                                             "finetuning_task",
                                             "forced_bos_token_id",
                                             "forced_eos_token_id",
                                             "gradient_checkpointing",
                                             "id2label",
                                             "initializer_range",
                                             "is_decoder",
                                             "is_llama_config",
                                             "label2id",
                                             "length_penalty",
                                             "max_length",
                                             "min_length",
                                             "model_type",
                                             "n_ctx",
                                             "no_repeat_ngram_size",
                                             "num_beam_groups",
                                             "num_beams",
                                             "num_return_sequences",
                                             "output_attentions",
                                             "output_hidden_states",
                                             "output_scores",
                                             "pad_token_id",
                                             "prefix",
                                             "pretraining_tp",
                                             "problem_type",
                                             "remove_invalid_values",
                                             "reorder_and_upcast_attn",
                                             "repetition_penalty",
                                             "resid_pdrop",
                                             "return_dict",
                                             "return_dict_in_generate",
                                             "sep_token_id",
                                             "summary_activation",
                                             "summary_first_dropout",
                                             "summary_proj_to_labels",
                                             "summary_type",
                                             "summary_use_proj",
                                             "suppress_tokens",
                                             "task_specific_params",
                                             "temperature",
                                             "tf_legacy_loss",
                                             "tokenizer_class",
                                             "top_k",
                                             "top_p",
                                             "torch_dtype",
                                             "torchscript",
                                             "transformers.js_config",
                                             "transformers_version",
                                             "typical_p",
                                             "unk_token_id",
                                             "use_bfloat16",
                                             "use_cache"};
  return keys;
}

/// Keys of what Gpt lacks: fine as null, false, 0 or empty, and refused by this name otherwise.
struct Lacking {
  const char* key;
  const char* what;
};
constexpr Lacking kLacking[] = {{"add_cross_attention", "cross-attention"},
                                {"attn_logit_softcapping", "soft-capped attention scores"},
                                {"cross_attention_hidden_size", "cross-attention"},
                                {"final_logit_softcapping", "soft-capped logits"},
                                {"is_encoder_decoder", "an encoder"},
                                {"num_experts", "experts"},
                                {"num_local_experts", "experts"},
                                {"pruned_heads", "pruned heads"},
                                {"qk_layernorm", "norms of queries and keys"},
                                {"qk_norm", "norms of queries and keys"},
                                {"quantization_config", "quantized weights"},
                                {"rope_interleaved", "RoPE of neighbouring pairs"},
                                {"scale_attn_by_inverse_layer_idx", "attention that is scaled by the layer"},
                                {"tie_encoder_decoder", "an encoder"},
                                {"use_qk_norm", "norms of queries and keys"}};

/// As a message quotes it.
std::string shown(const Json& value) {
  return excerpt(value.dump());
}

/// Reads one file; remembers which keys it has understood.
class ConfigReader {
 public:
  ConfigReader(std::string_view text, std::string name) : name_(std::move(name)), root_(parse_json(text, name_)) {
    if (!root_.is_object()) fail(ErrorKind::input, "{}: expected a JSON object, got {}", name_, root_.type_name());
  }

  HuggingFaceConfig read() {
    if (root_.value("format", Json()) == "octet")
      refuse("format", "expected a model of Hugging Face, got one of Octet");
    const std::string type = text("model_type");
    HuggingFaceConfig result;
    if (type == "llama" || type == "qwen2") {
      result.model = llama();
      read_biases(type, result.model);
    } else if (type == "gpt2") {
      result.model = gpt2();
    } else {
      refuse("model_type", "expected llama, qwen2 or gpt2, got \"{}\"", excerpt(type));
    }
    for (const Lacking& lacking : kLacking) refuse_lacking(lacking);
    result.bos = token("bos_token_id", result.notes);
    result.eos = token("eos_token_id", result.notes);
    refuse_unknown();
    try {
      checked(result.model);
    } catch (const Error& error) {
      fail(ErrorKind::input, "{}: {}", name_, error.what());
    }
    return result;
  }

 private:
  template <typename... Args>
  [[noreturn]] void refuse(const std::string& key, fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::input, "{}: {}: {}", name_, excerpt(key), fmt::format(format, std::forward<Args>(args)...));
  }

  /// The value of a key that is there and not null.
  const Json* find(const std::string& key) {
    seen_.insert(key);
    const auto found = root_.find(key);
    return found == root_.end() || found->is_null() ? nullptr : &*found;
  }
  const Json& expect(const std::string& key) {
    const Json* found = find(key);
    if (found == nullptr) refuse(key, "this key is missing");
    return *found;
  }

  std::string text(const std::string& key) {
    const Json& value = expect(key);
    if (!value.is_string()) refuse(key, "expected a string, got {}", shown(value));
    return value.get<std::string>();
  }
  std::int64_t count_of(const std::string& key, const Json& value) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 31;
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMost) {
      refuse(key, "expected an integer from 0 to {}, got {}", kMost, shown(value));
    }
    return value.get<std::int64_t>();
  }
  std::int64_t count(const std::string& key) { return count_of(key, expect(key)); }
  std::int64_t count_or(const std::string& key, std::int64_t otherwise) {
    const Json* found = find(key);
    return found == nullptr ? otherwise : count_of(key, *found);
  }
  double number_or(const std::string& key, double otherwise) {
    const Json* found = find(key);
    if (found == nullptr) return otherwise;
    if (!found->is_number()) refuse(key, "expected a number, got {}", shown(*found));
    return found->get<double>();
  }
  bool flag_or(const std::string& key, bool otherwise) {
    const Json* found = find(key);
    if (found == nullptr) return otherwise;
    if (!found->is_boolean()) refuse(key, "expected true or false, got {}", shown(*found));
    return found->get<bool>();
  }

  void expect_heads(const char* key, std::int64_t heads) const {
    if (heads < 1) refuse(key, "expected at least 1 head, got {}", heads);
  }

  GptConfig llama() {
    GptConfig config;
    config.architecture = Architecture::llama;
    config.vocabulary = count("vocab_size");
    config.context = count("max_position_embeddings");
    config.width = count("hidden_size");
    config.layers = count("num_hidden_layers");
    config.heads = count("num_attention_heads");
    config.kv_heads = count_or("num_key_value_heads", config.heads);
    config.hidden = count("intermediate_size");
    config.tied_head = flag_or("tie_word_embeddings", false);
    config.norm_epsilon = number_or("rms_norm_eps", 1e-6);
    config.rope_theta = rope_theta();
    const std::string activation = text("hidden_act");
    if (activation != "silu" && activation != "swish")
      refuse("hidden_act", "expected silu, got \"{}\"", excerpt(activation));
    expect_heads("num_attention_heads", config.heads);
    expect_heads("num_key_value_heads", config.kv_heads);
    if (count_or("head_dim", config.head_dim()) * config.heads != config.width) {
      refuse("head_dim", "expected the width {} divided by the {} heads, got {}", config.width, config.heads,
             shown(root_["head_dim"]));
    }
    refuse_windows();
    return config;
  }

  /// Of Qwen 2 no key tells: queries, keys and values always have them.
  void read_biases(const std::string& type, GptConfig& config) {
    const bool attention = flag_or("attention_bias", false), mlp = flag_or("mlp_bias", false);
    const bool is_qwen = type == "qwen2";
    if (is_qwen && (attention || mlp)) {
      refuse(attention ? "attention_bias" : "mlp_bias", "expected none, since qwen2 has biases of its own, got true");
    }
    config.qkv_bias = is_qwen || attention;
    config.output_bias = attention;
    config.mlp_bias = mlp;
  }

  GptConfig gpt2() {
    GptConfig config;
    config.architecture = Architecture::gpt2;
    config.vocabulary = count("vocab_size");
    config.context = count("n_positions");
    config.width = count("n_embd");
    config.layers = count("n_layer");
    config.heads = count("n_head");
    config.hidden = count_or("n_inner", 4 * config.width);
    config.tied_head = flag_or("tie_word_embeddings", true);
    config.norm_epsilon = number_or("layer_norm_epsilon", 1e-5);
    const std::string activation = find("activation_function") == nullptr ? "gelu_new" : text("activation_function");
    if (activation != "gelu_new" && activation != "gelu_pytorch_tanh") {
      refuse("activation_function", "expected gelu_new or gelu_pytorch_tanh, got \"{}\"", excerpt(activation));
    }
    if (!flag_or("scale_attn_weights", true)) {
      refuse("scale_attn_weights", "attention that is not scaled is not supported");
    }
    return config;
  }

  /// The base of RoPE, which newer files keep beside what scales it.
  double rope_theta() {
    double theta = number_or("rope_theta", 10000.0);
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
      const Json* rope = find(key);
      if (rope == nullptr) continue;
      if (!rope->is_object()) refuse(key, "expected an object, got {}", shown(*rope));
      for (const auto& [name, value] : rope->items()) {
        const std::string path = std::string(key) + "." + name;
        if (name == "rope_theta" && value.is_number()) {
          theta = value.get<double>();
        } else if ((name != "rope_type" && name != "type") || value != "default") {
          refuse(path, "only RoPE without scaling is supported, got {}", shown(value));
        }
      }
    }
    if (number_or("partial_rotary_factor", 1) != 1) {
      refuse("partial_rotary_factor", "only RoPE of the whole head is supported, got {}",
             shown(root_["partial_rotary_factor"]));
    }
    return theta;
  }

  void refuse_windows() {
    if (find("sliding_window") != nullptr && flag_or("use_sliding_window", true)) {
      refuse("sliding_window", "attention within a window is not supported, got {}", shown(root_["sliding_window"]));
    }
    find("use_sliding_window");
    find("max_window_layers");
    const Json* types = find("layer_types");
    for (const Json& type : types == nullptr ? Json::array() : *types) {
      if (type != "full_attention") refuse("layer_types", "only full_attention is supported, got {}", shown(type));
    }
  }

  void refuse_lacking(const Lacking& lacking) {
    const Json* found = find(lacking.key);
    if (found == nullptr || *found == false || *found == 0 || (found->is_structured() && found->empty())) return;
    refuse(lacking.key, "{}: the architecture has no such thing; got {}", lacking.what, shown(*found));
  }

  /// One id, or the first of several.
  std::optional<std::int64_t> token(const std::string& key, std::vector<std::string>& notes) {
    const Json* found = find(key);
    if (found == nullptr) return std::nullopt;
    if (!found->is_array()) return count_of(key, *found);
    if (found->empty()) return std::nullopt;
    if (found->size() > 1) notes.push_back(fmt::format("{}: of {} the first one is taken", key, shown(*found)));
    return count_of(key, found->front());
  }

  void refuse_unknown() const {
    for (const auto& [key, value] : root_.items()) {
      const bool empty = value.is_null() || value == false || (value.is_structured() && value.empty());
      if (seen_.contains(key) || harmless_keys().contains(key) || empty) continue;
      refuse(
          key,
          "this key is not known, and may change what the model computes, got {}; take it out of the file if it does "
          "not",
          shown(value));
    }
  }

  std::string name_;
  Json root_;
  std::set<std::string> seen_;
};

}  // namespace

HuggingFaceConfig read_hugging_face_config(std::string_view json, const std::string& name) {
  return ConfigReader(json, name).read();
}

}  // namespace octet
