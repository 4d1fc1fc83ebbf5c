#pragma once

#include <vector>

#include "nn/gpt_config.h"
#include "tensor/tensor.h"

namespace octet {

/// The keys and values of the positions a model has seen, so that generation computes only the new ones. Per layer two
/// tensors (B, Tmax, Hkv D), allocated whole: 2 * layers * B * Tmax * Hkv * D * 4 bytes.
class KvCache {
 public:
  /// For `batch` sequences of at most `config.context` positions.
  explicit KvCache(const GptConfig& config, std::int64_t batch = 1);

  std::int64_t batch() const { return batch_; }
  std::int64_t capacity() const { return capacity_; }  ///< Tmax
  std::int64_t length() const { return length_; }      ///< positions held
  const Tensor& keys(std::int64_t layer) const { return layers_[static_cast<std::size_t>(layer)].keys; }
  const Tensor& values(std::int64_t layer) const { return layers_[static_cast<std::size_t>(layer)].values; }

  /// An error where `positions` more do not fit.
  void check_room(std::int64_t positions) const;
  /// Counts `positions` that every layer has appended.
  void advance(std::int64_t positions);
  /// Forgets everything; the memory stays.
  void reset() { length_ = 0; }

 private:
  struct Layer {
    Tensor keys;
    Tensor values;
  };

  std::int64_t batch_;
  std::int64_t capacity_;
  std::int64_t length_ = 0;
  std::vector<Layer> layers_;
};

}  // namespace octet
