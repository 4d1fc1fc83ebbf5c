#include "nn/layers/kv_cache.h"

namespace octet {

std::int64_t kv_bytes_per_position(const GptConfig& config, KvFormat format) {
  const auto scalar = static_cast<std::int64_t>(sizeof(float));
  const std::int64_t vector = format == KvFormat::f32 ? config.head_dim() * scalar : config.head_dim() + scalar;
  return 2 * config.layers * config.key_value_heads() * vector;
}

KvCache::KvCache(const GptConfig& config, std::int64_t batch, KvFormat format, DeviceKind device)
    : batch_(batch), capacity_(config.context) {
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    layers_.emplace_back(batch, config.key_value_heads(), config.context, config.head_dim(), format, device);
  }
}

std::int64_t KvCache::bytes() const {
  std::int64_t sum = 0;
  for (const KvLayer& layer : layers_) {
    sum += layer.bytes();
  }
  return sum;
}

void KvCache::check_room(std::int64_t positions) const {
  check(length_ + positions <= capacity_, "[kv_cache] expected at most {} positions (the context), got {} + {}",
        capacity_, length_, positions);
}

void KvCache::advance(std::int64_t positions) {
  check_room(positions);
  length_ += positions;
}

}  // namespace octet
