#include "tensor/ops/unpack_rows.h"

#include "tensor/ops/checks.h"

namespace octet {

Tensor unpack_rows(const PackedWeight& weight, const Tensor& ids) {
  const Tensor given = ids.is_contiguous() ? ids : ids.clone();
  for (const std::int32_t id : given.span<std::int32_t>()) {
    check(id >= 0 && id < weight.rows(), "[embedding] expected ids from 0 to {}, got {}", weight.rows() - 1, id);
  }
  const DeviceKind device = weight.device();
  const Tensor there = given.to(device);
  Tensor y = Tensor::empty(ids.shape().followed_by(weight.columns()), DType::f32, device);
  kernels(device).unpack_rows({there.elements(), there.data<std::int32_t>(), weight.view(), y.data<float>()});
  return y;
}

}  // namespace octet
