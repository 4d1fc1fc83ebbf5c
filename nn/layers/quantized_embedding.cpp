#include "nn/layers/quantized_embedding.h"

namespace octet {

QuantizedEmbedding::QuantizedEmbedding(AnyWeight weight, ActivationScheme activations, std::optional<LowRank> low_rank)
    : matrix(std::move(weight), activations, std::move(low_rank)) {}

std::unique_ptr<QuantizedEmbedding> QuantizedEmbedding::from_embedding(const Embedding& table, AnyWeight weight,
                                                                       ActivationScheme activations,
                                                                       std::optional<LowRank> low_rank) {
  const Shape got{rows(weight), columns(weight)};
  check(got == table.weight.value().shape(), "[quantized embedding] expected a weight of shape {}, got {}",
        table.weight.value().shape(), got);
  auto result = std::make_unique<QuantizedEmbedding>(std::move(weight), activations, std::move(low_rank));
  result->to(table.device());
  return result;
}

}  // namespace octet
