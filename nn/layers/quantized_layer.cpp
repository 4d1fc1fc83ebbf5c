#include "nn/layers/quantized_layer.h"

#include "nn/layers/quantized_embedding.h"
#include "nn/layers/quantized_linear.h"

namespace octet {

std::unique_ptr<Module> quantized_layer(const Module& layer, AnyWeight weight, ActivationScheme activations,
                                        std::optional<LowRank> low_rank) {
  if (const auto* linear = dynamic_cast<const Linear*>(&layer)) {
    return QuantizedLinear::from_linear(*linear, std::move(weight), activations, std::move(low_rank));
  }
  if (const auto* embedding = dynamic_cast<const Embedding*>(&layer)) {
    return QuantizedEmbedding::from_embedding(*embedding, std::move(weight), activations, std::move(low_rank));
  }
  fail(ErrorKind::run, "[quantize] expected a linear layer or a token embedding");
}

Shape matrix_shape_of(const Module& layer) {
  if (const auto* linear = dynamic_cast<const LinearBase*>(&layer)) {
    return {linear->out_features(), linear->in_features()};
  }
  if (const auto* embedding = dynamic_cast<const EmbeddingBase*>(&layer)) {
    return {embedding->vocabulary(), embedding->width()};
  }
  fail(ErrorKind::run, "[quantize] expected a linear layer or a token embedding");
}

const QuantizedMatrix* quantized_matrix_of(const Module& module) {
  if (const auto* linear = dynamic_cast<const QuantizedLinear*>(&module)) {
    return &linear->matrix;
  }
  if (const auto* embedding = dynamic_cast<const QuantizedEmbedding*>(&module)) {
    return &embedding->matrix;
  }
  return nullptr;
}

}  // namespace octet
