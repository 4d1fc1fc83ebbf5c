#include "nn/layers/low_rank_product.h"

#include <utility>

#include "tensor/formats/any_weight.h"
#include "tensor/ops/matmul.h"
#include "tensor/ops/unpack_rows.h"
#include "tensor/ops/view.h"
#include "tensor/ops/weight_linear.h"

namespace octet {

LowRankProduct::LowRankProduct(LowRank stored)
    : stored_(std::move(stored)),
      left_(stored_.left()),
      right_(stored_.right()),
      right_values_(dequantize(stored_.right())) {}

Tensor LowRankProduct::project(const Tensor& x) const {
  return weight_linear(weight_linear(x, right_), left_);
}

Tensor LowRankProduct::lookup(const Tensor& ids) const {
  const Tensor thin = unpack_rows(left_, ids);  // (..., r)
  const Tensor rows = matmul(reshape(thin, {-1, stored_.rank()}), right_values_);
  std::vector<std::int64_t> sizes;
  for (int d = 0; d + 1 < thin.rank(); ++d) {
    sizes.push_back(thin.dim(d));
  }
  sizes.push_back(stored_.columns());
  return reshape(rows, sizes);
}

Tensor LowRankProduct::matrix() const {
  return matmul(dequantize(stored_.left()), dequantize(stored_.right()));
}

void LowRankProduct::to(DeviceKind device) {
  left_ = left_.to(device);
  right_ = right_.to(device);
  right_values_ = right_values_.to(device);
}

}  // namespace octet
