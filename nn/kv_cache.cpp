#include "nn/kv_cache.h"

namespace octet {

KvCache::KvCache(const GptConfig& config, std::int64_t batch) : batch_(batch), capacity_(config.context) {
  const Shape shape{batch, config.context, config.key_value_heads() * config.head_dim()};
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    layers_.push_back({Tensor::zeros(shape), Tensor::zeros(shape)});
  }
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
