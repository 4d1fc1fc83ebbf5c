#include "nn/cost.h"

namespace octet {
namespace {

std::int64_t qkv_width(const GptConfig& config) {
  return (config.heads + 2 * config.key_value_heads()) * config.head_dim();
}

std::int64_t layer_matrices(const GptConfig& config) {
  const std::int64_t mlp_matrices = config.architecture == Architecture::llama ? 3 : 2;
  const std::int64_t gates = config.attention_gate ? config.heads : 0;
  return config.width * (qkv_width(config) + gates + config.width + mlp_matrices * config.hidden);
}

/// The gains of queries and keys, and the biases of gates.
std::int64_t attention_vectors(const GptConfig& config) {
  return (config.qk_norm ? 2 * config.head_dim() : 0) + (config.attention_gate ? config.heads : 0);
}

std::int64_t norm_parameters(const GptConfig& config) {
  return config.has_biases() ? 2 * config.width : config.width;
}

std::int64_t layer_biases(const GptConfig& config) {
  const std::int64_t up = config.architecture == Architecture::llama ? 2 * config.hidden : config.hidden;  // and gate
  return (config.has_qkv_bias() ? qkv_width(config) : 0) + (config.has_output_bias() ? config.width : 0) +
         (config.has_mlp_bias() ? up + config.width : 0);
}

}  // namespace

std::int64_t parameter_count(const GptConfig& config) {
  const std::int64_t table = config.vocabulary * config.width;
  const std::int64_t tables = config.tied_head ? table : 2 * table;
  const std::int64_t positions = config.architecture == Architecture::gpt2 ? config.context * config.width : 0;
  const std::int64_t layer =
      layer_matrices(config) + layer_biases(config) + attention_vectors(config) + 2 * norm_parameters(config);
  return tables + positions + config.layers * layer + norm_parameters(config);
}

std::int64_t multiplied_parameters(const GptConfig& config) {
  return config.layers * layer_matrices(config) + config.vocabulary * config.width;
}

double forward_flops_per_token(const GptConfig& config, std::int64_t context) {
  const double matrices = 2.0 * static_cast<double>(multiplied_parameters(config));
  const double attention = 2.0 * static_cast<double>(config.layers * context * config.width);
  return matrices + attention;
}

double training_flops_per_token(const GptConfig& config, std::int64_t context) {
  return 3.0 * forward_flops_per_token(config, context);
}

}  // namespace octet
