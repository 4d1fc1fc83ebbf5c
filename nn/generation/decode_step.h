#pragma once

#include <map>
#include <memory>

#include "nn/gpt.h"
#include "tensor/replay.h"

namespace octet {

/// Steps of generation, each with one more token for every sequence of a cache. Where the device can record kernels, a
/// step is recorded and then replayed token after token: the vectors of the token and the number of past positions lie
/// where the recorded kernels read them. There is a record for every kKvRange positions, because attention is started
/// for as many ranges as there are.
class DecodeStep {
 public:
  /// Both must outlive it, and the model must stay as it is.
  DecodeStep(Gpt& model, KvCache& cache);

  /// Logits (B, 1, V) of ids (B, 1) of i32, on the device of the model and valid until the next call. The cache grows
  /// by one position.
  Tensor operator()(const Tensor& ids);

 private:
  struct Recorded {
    std::unique_ptr<Replay> replay;
    Tensor logits;  // (B, 1, V), in memory that belongs to the replay
  };
  const Recorded& recorded(std::int64_t ranges);

  Gpt& model_;
  KvCache& cache_;
  bool replays_;
  Tensor embedded_, past_;                     // (B, 1, C) of f32, (1) of i32
  std::map<std::int64_t, Recorded> recorded_;  // by the ranges of positions that attention reads
};

}  // namespace octet
