#include "nn/layers/block.h"

#include "tensor/ops/elementwise.h"

namespace octet {

Block::Block(const GptConfig& config, std::int64_t layer)
    : attention_norm(*this, "attention_norm", make_norm(config)),
      attention(*this, "attention", std::make_unique<Attention>(config, layer)),
      mlp_norm(*this, "mlp_norm", make_norm(config)),
      mlp(*this, "mlp", make_mlp(config)),
      dropout_(config.dropout),
      attention_site_("blocks." + std::to_string(layer) + ".attention"),
      mlp_site_("blocks." + std::to_string(layer) + ".mlp") {}

Tensor Block::operator()(const Tensor& x, const ForwardOptions& options) {
  if (drops(dropout_, options)) {
    const Tensor h = add(x, apply_dropout(attention(attention_norm(x), options), dropout_, options, attention_site_));
    return add(h, apply_dropout(mlp(mlp_norm(h)), dropout_, options, mlp_site_));
  }
  return transform(attend(x, options));
}

Tensor Block::attend(const Tensor& x, const ForwardOptions& options) {
  return attention(attention_norm->for_layers(x, attention->input_codes()), options, Epilogue::plus(x));
}

Tensor Block::transform(const Tensor& h) {
  return mlp(mlp_norm->for_layers(h, mlp->input_codes()), Epilogue::plus(h));
}

}  // namespace octet
