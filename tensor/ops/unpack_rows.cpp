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
  kernels(device).unpack_rows(
      {.rows = there.elements(), .ids = there.data<std::int32_t>(), .w = weight.view(), .y = y.data<float>()});
  return y;
}

Tensor unpack_columns(const PackedWeight& weight, std::span<const std::int64_t> ks) {
  Tensor chosen = Tensor::empty({static_cast<std::int64_t>(ks.size())}, DType::i32);
  for (std::size_t i = 0; i < ks.size(); ++i) {
    check(ks[i] >= 0 && ks[i] < weight.columns(), "[unpack_columns] expected columns from 0 to {}, got {}",
          weight.columns() - 1, ks[i]);
    chosen.data<std::int32_t>()[i] = static_cast<std::int32_t>(ks[i]);
  }
  const DeviceKind device = weight.device();
  const Tensor there = chosen.to(device);
  Tensor y = Tensor::empty({chosen.elements(), weight.rows()}, DType::f32, device);
  kernels(device).unpack_columns(
      {.count = there.elements(), .ks = there.data<std::int32_t>(), .w = weight.view(), .y = y.data<float>()});
  return y;
}

}  // namespace octet
