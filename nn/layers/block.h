#pragma once

#include <string>

#include "nn/layers/attention.h"
#include "nn/layers/mlp.h"
#include "nn/layers/norm.h"

namespace octet {

/// One layer of the transformer, with the norms before their parts (Xiong et al. 2020,
/// https://arxiv.org/abs/2002.04745, figure 1b):
///
///     h = x + attention(attention_norm(x))
///     y = h + mlp(mlp_norm(h))
///
/// The sums are epilogues of the last product of each part, unless dropout comes between.
class Block : public Module {
 public:
  Block(const GptConfig& config, std::int64_t layer);

  /// x (B, T, C) -> (B, T, C).
  Tensor operator()(const Tensor& x, const ForwardOptions& options);

  /// Its two parts without dropout: h of x, and y of h.
  Tensor attend(const Tensor& x, const ForwardOptions& options);
  Tensor transform(const Tensor& h);

  Child<NormBase> attention_norm;
  Child<Attention> attention;
  Child<NormBase> mlp_norm;
  Child<MlpBase> mlp;

 private:
  double dropout_;
  std::string attention_site_, mlp_site_;  // "blocks.3.mlp": name its dropout masks
};

}  // namespace octet
