#include "tensor/ops/kv_layer.h"

namespace octet {

KvLayer::KvLayer(std::int64_t batch, std::int64_t kv_heads, std::int64_t positions, std::int64_t head_dim,
                 KvFormat format, DeviceKind device)
    : batch_(batch), kv_heads_(kv_heads), positions_(positions), head_dim_(head_dim) {
  const std::int64_t capacity = (positions + kKvPanel - 1) / kKvPanel * kKvPanel;
  const DType dtype = format == KvFormat::f32 ? DType::f32 : DType::i8;
  keys_ = Tensor::zeros({batch, kv_heads, capacity, head_dim}, dtype, device);
  values_ = Tensor::zeros(keys_.shape(), dtype, device);
  view_ = {format, capacity, keys_.raw_data(), values_.raw_data(), nullptr, nullptr};
  if (format == KvFormat::int8) {
    key_scales_ = Tensor::zeros({batch, kv_heads, capacity}, DType::f32, device);
    value_scales_ = Tensor::zeros(key_scales_.shape(), DType::f32, device);
    view_.key_scales = key_scales_.data<float>();
    view_.value_scales = value_scales_.data<float>();
  }
}

std::int64_t KvLayer::bytes() const {
  const std::size_t scales = key_scales_.defined() ? 2 * key_scales_.bytes() : 0;
  return static_cast<std::int64_t>(2 * keys_.bytes() + scales);
}

}  // namespace octet
