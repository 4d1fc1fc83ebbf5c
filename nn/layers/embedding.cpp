#include "nn/layers/embedding.h"

#include "tensor/ops/embedding.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/view.h"

namespace octet {

Embedding::Embedding(std::int64_t vocabulary, std::int64_t width) : weight(*this, "weight", {vocabulary, width}) {}

Tensor Embedding::lookup(const Tensor& ids) {
  return embedding(ids, weight);
}

Tensor Embedding::project_rows(const LayerInput& input) {
  return linear(input.x, weight);
}

PositionTable::PositionTable(std::int64_t context, std::int64_t width) : weight(*this, "weight", {context, width}) {}

Tensor PositionTable::operator()(std::int64_t first, std::int64_t count) {
  return slice(weight, 0, first, first + count);
}

}  // namespace octet
