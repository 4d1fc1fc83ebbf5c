#pragma once

#include <array>
#include <vector>

#include "base/config/field.h"
#include "nn/layers/gpt_config.h"
#include "tensor/ops/kv_layer.h"

namespace octet {

template <>
inline constexpr auto enum_names<KvFormat> = std::to_array<EnumName<KvFormat>>({{KvFormat::f32, "f32"},
                                                                                {KvFormat::int8, "int8"}});

/// Bytes that one position of one sequence takes in all layers: 2 * layers * Hkv * (4 D), or as int8 codes with a scale
/// for each head 2 * layers * Hkv * (D + 4).
std::int64_t kv_bytes_per_position(const GptConfig& config, KvFormat format);

/// The keys and values of the positions a model has seen, so that generation computes only the new ones: a KvLayer for
/// each layer. Allocated whole, positions rounded up to a multiple of 64. A forward pass writes to it, so it serves one
/// generation at a time.
class KvCache {
 public:
  /// For `batch` sequences of at most `config.context` positions, on the device of the model.
  explicit KvCache(const GptConfig& config, std::int64_t batch = 1, KvFormat format = KvFormat::f32,
                   DeviceKind device = DeviceKind::cpu);

  std::int64_t batch() const { return batch_; }
  std::int64_t capacity() const { return capacity_; }  ///< Tmax
  std::int64_t length() const { return length_; }      ///< positions held
  KvFormat format() const { return layers_.front().format(); }
  std::int64_t bytes() const;  ///< of all positions
  const KvLayer& layer(std::int64_t index) const { return layers_[static_cast<std::size_t>(index)]; }

  /// An error where `positions` more do not fit.
  void check_room(std::int64_t positions) const;
  /// Counts `positions` that every layer has appended.
  void advance(std::int64_t positions);
  /// Forgets everything; the memory stays.
  void reset() { length_ = 0; }

 private:
  std::int64_t batch_;
  std::int64_t capacity_;
  std::int64_t length_ = 0;
  std::vector<KvLayer> layers_;
};

}  // namespace octet
