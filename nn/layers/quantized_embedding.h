#pragma once

#include "nn/layers/embedding.h"
#include "nn/layers/quantized_matrix.h"

namespace octet {

/// The table of token vectors (V, C) as a stored weight: lookup() dequantizes the rows asked for, and the tied head
/// multiplies like a QuantizedLinear.
class QuantizedEmbedding : public EmbeddingBase {
 public:
  /// On the device of the table. Errors: another shape; see QuantizedMatrix.
  static std::unique_ptr<QuantizedEmbedding> from_embedding(const Embedding& table, AnyWeight weight,
                                                            ActivationScheme activations,
                                                            std::optional<LowRank> low_rank = {});

  QuantizedEmbedding(AnyWeight weight, ActivationScheme activations, std::optional<LowRank> low_rank = {});

  Tensor lookup(const Tensor& ids) override { return matrix.lookup(ids); }
  std::int64_t vocabulary() const override { return matrix.rows(); }
  std::int64_t width() const override { return matrix.columns(); }
  std::optional<CodeScheme> input_codes() const override { return matrix.input_codes(); }

  QuantizedMatrix matrix;

 protected:
  Tensor project_rows(const LayerInput& input) override { return matrix.project(input); }
  void move_state(DeviceKind device) override { matrix.to(device); }
};

}  // namespace octet
