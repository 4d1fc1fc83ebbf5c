#include "nn/export/gguf_keys.h"

#include <array>
#include <map>

#include "base/error.h"
#include "nn/import/gguf_model.h"
#include "nn/import/layout.h"
#include "text/token_lists.h"

namespace octet {
namespace {

/// `general.file_type` by the type that most matrices have. Source: enum llama_ftype of llama.cpp's llama.h.
std::uint32_t file_type(std::span<const GgufType* const> matrices) {
  static const std::map<std::string_view, std::uint32_t> kNumbers = {
      {"F32", 0},   {"F16", 1},   {"Q4_0", 2},    {"Q4_1", 3},  {"Q8_0", 7},
      {"Q4_K", 14}, {"Q6_K", 18}, {"IQ4_NL", 25}, {"BF16", 32}, {"MXFP4", 38}};
  std::map<std::string_view, int> counts;
  std::string_view most = "F32";
  for (const GgufType* type : matrices) {
    if (++counts[type->name] > counts[most]) most = type->name;
  }
  return kNumbers.at(most);
}

void add_shape(const GptConfig& config, GgufKeys& keys) {
  const bool is_llama = config.architecture == Architecture::llama;
  const std::string prefix = gguf_architecture(config) + ".";
  const auto number = [&](const char* name, std::int64_t value) {
    keys.emplace_back(prefix + name, static_cast<std::uint32_t>(value));
  };
  number("context_length", config.context);
  number("embedding_length", config.width);
  number("block_count", config.layers);
  number("feed_forward_length", config.hidden);
  number("attention.head_count", config.heads);
  const auto epsilon = static_cast<float>(config.norm_epsilon);
  if (!is_llama) {
    keys.emplace_back(prefix + "attention.layer_norm_epsilon", epsilon);
    return;
  }
  number("attention.head_count_kv", config.key_value_heads());
  number("rope.dimension_count", config.head_dim());
  number("vocab_size", config.vocabulary);
  keys.emplace_back(prefix + "attention.layer_norm_rms_epsilon", epsilon);
  keys.emplace_back(prefix + "rope.freq_base", static_cast<float>(config.rope_theta));
}

/// A reader that finds no begin or end takes token 11 for it, whatever that is.
void add_tokenizer(const Tokenizer& tokenizer, GgufKeys& keys) {
  const TokenLists lists = lists_from_vocabulary(tokenizer.vocabulary());
  const auto end = tokenizer.end_of_text();
  const auto begin = tokenizer.vocabulary().bos ? tokenizer.vocabulary().bos : end;
  keys.emplace_back("tokenizer.ggml.model", std::string("gpt2"));
  keys.emplace_back("tokenizer.ggml.pre", lists.pattern);
  keys.emplace_back("tokenizer.ggml.tokens", lists.tokens);
  keys.emplace_back("tokenizer.ggml.token_type", std::vector<std::int32_t>(lists.types.begin(), lists.types.end()));
  keys.emplace_back("tokenizer.ggml.merges", lists.merges);
  if (begin) keys.emplace_back("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(*begin));
  if (!tokenizer.vocabulary().bos) keys.emplace_back(kGgufHasBeginKey, false);
  if (end) keys.emplace_back("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(*end));
  keys.emplace_back("tokenizer.ggml.add_bos_token", lists.adds_bos.value_or(false));
}

}  // namespace

GgufKeys gguf_keys(const GptConfig& config, const Tokenizer& tokenizer, const std::string& name,
                   std::span<const GgufType* const> matrices) {
  constexpr std::uint32_t kQuantizationVersion = 2;
  GgufKeys keys;
  keys.emplace_back("general.architecture", gguf_architecture(config));
  keys.emplace_back("general.type", std::string("model"));
  keys.emplace_back("general.name", name);
  keys.emplace_back("general.file_type", file_type(matrices));
  keys.emplace_back("general.quantization_version", kQuantizationVersion);
  add_shape(config, keys);
  add_tokenizer(tokenizer, keys);
  return keys;
}

}  // namespace octet
