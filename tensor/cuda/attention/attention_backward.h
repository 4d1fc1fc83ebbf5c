#pragma once

#include "tensor/cuda/attention/attention_rows.h"
#include "tensor/kernels/float_kernels.h"

// What the kernels of the gradient of attention (attention_backward.cu) read, and where it lies in shared memory.

namespace octet::cuda {
struct BackwardArgs {
  AttentionBackwardArgs given;
  bool vectors;  // see HeadRows

  __device__ int dim() const { return static_cast<int>(given.forward.head_dim); }
  __device__ std::int64_t y_row() const { return given.forward.heads * given.forward.head_dim; }
  /// Offsets of the row t of a head in q and dq; in k, v, dk and dv; in y and dy; in log_sum and the row sums.
  __device__ std::int64_t q_offset(std::int64_t batch, std::int64_t t, std::int64_t head) const {
    return batch * given.forward.q_batch + t * given.forward.q_row + head * given.forward.head_dim;
  }
  __device__ std::int64_t kv_offset(std::int64_t batch, std::int64_t t, std::int64_t kv_head) const {
    return batch * given.forward.kv_batch + t * given.forward.kv_row + kv_head * given.forward.head_dim;
  }
  __device__ std::int64_t y_offset(std::int64_t batch, std::int64_t t, std::int64_t head) const {
    return (batch * given.forward.time + t) * y_row() + head * given.forward.head_dim;
  }
  __device__ std::int64_t row_offset(std::int64_t batch, std::int64_t t, std::int64_t head) const {
    return (batch * given.forward.heads + head) * given.forward.time + t;
  }
  __device__ HeadRows q_rows(std::int64_t t) const {
    return {given.forward.q_row, given.forward.time - t, dim(), vectors};
  }
  __device__ HeadRows kv_rows(std::int64_t t) const {
    return {given.forward.kv_row, given.forward.time - t, dim(), vectors};
  }
  __device__ HeadRows y_rows(std::int64_t t) const { return {y_row(), given.forward.time - t, dim(), vectors}; }
};

/// Shared memory of both kernels.
template <typename Tile>
struct BackwardMemory {
  float* owned[2];     // keys and values, or queries and dy
  float* streamed[2];  // the others
  float* weights;
  float* log_sums;  // of streamed queries, to the base two
  float* row_sums;

  static constexpr std::size_t kBytes =
      (2 * Tile::kOwnedFloats + 2 * Tile::kStreamedFloats + Tile::kWeightFloats + 2 * Tile::kStreamed) * sizeof(float);

  __device__ explicit BackwardMemory(float* memory) {
    owned[0] = memory;
    owned[1] = owned[0] + Tile::kOwnedFloats;
    streamed[0] = owned[1] + Tile::kOwnedFloats;
    streamed[1] = streamed[0] + Tile::kStreamedFloats;
    weights = streamed[1] + Tile::kStreamedFloats;
    log_sums = weights + Tile::kWeightFloats;
    row_sums = log_sums + Tile::kStreamed;
  }
};

/// Brings the queries of one head from row t on to shared memory, times query_factor, with dy, and for each row the
/// log-sum and sum(dy * y).
template <typename Tile>
__device__ void load_queries(const BackwardArgs& args, std::int64_t batch, std::int64_t t, std::int64_t head,
                             const BackwardMemory<Tile>& memory) {
  const AttentionArgs& forward = args.given.forward;
  load_rows<Tile, Tile::kStreamed>(forward.q + args.q_offset(batch, t, head), args.q_rows(t), query_factor(args.dim()),
                                   memory.streamed[0]);
  load_rows<Tile, Tile::kStreamed>(args.given.dy + args.y_offset(batch, t, head), args.y_rows(t), 1.0F,
                                   memory.streamed[1]);
  const int row = static_cast<int>(threadIdx.x);
  if (row < Tile::kStreamed) {
    const bool exists = t + row < forward.time;
    memory.log_sums[row] = exists ? forward.log_sum[args.row_offset(batch, t, head) + row] * kLog2E : 0.0F;
    memory.row_sums[row] = exists ? forward.scratch[args.row_offset(batch, t, head) + row] : 0.0F;
  }
}

}  // namespace octet::cuda
