#pragma once

#include "tensor/cuda/attention/attention_rows.h"

// What attention and its gradient are made of. A block of threads owns some rows of one head and keeps them in shared
// memory; tiles of rows of the other side stream past. With o owned and s streamed rows, there are two products:
//   scores   (o, s) += owned (o, D) streamed (s, D)^T
//   results  (o, D) += weights (o, s) streamed (s, D)
// Their sums stay in registers. Eight neighbouring lanes share kThreadRows rows: each has every eighth column of the
// scores and every eighth group of four columns of the results, so weights pass from the one to the other within a
// warp. A thread reads 16 bytes of shared memory at a time, and each value it reads serves several sums: with 8 x 8
// sums a thread, 16 reads serve 256 multiplications.

namespace octet::cuda {

/// Rows of shared memory are kPitch apart, so that the rows that a warp reads at once lie in different banks; weights
/// likewise.
template <int dim, int thread_rows, int tile_rows>
struct AttentionTile {
  static constexpr int kThreads = 128;
  static constexpr int kSharers = 8;                                // lanes that share rows
  static constexpr int kWarpGroups = kWarp / kSharers;              // groups of lanes in a warp
  static constexpr int kDim = dim;                                  // columns: the head size, filled up with zeros
  static constexpr int kThreadRows = thread_rows;                   // rows of a thread
  static constexpr int kStreamed = tile_rows;                       // rows of a tile
  static constexpr int kOwned = kThreads / kSharers * thread_rows;  // rows of a block
  static constexpr int kThreadColumns = tile_rows / kSharers;       // columns of scores of a thread
  static constexpr int kVector = 4;                                 // columns of results that lie side by side
  static constexpr int kThreadVectors = dim / (kVector * kSharers);
  static constexpr int kUnroll = dim > 128 ? 1 : 2;  // no more than there are registers for
  static constexpr int kPitch = dim + 4;
  static constexpr int kWeightPitch = tile_rows + 8;
  static constexpr int kOwnedFloats = kOwned * kPitch;
  static constexpr int kStreamedFloats = kStreamed * kPitch;
  static constexpr int kWeightFloats = kOwned * kWeightPitch;

  using Vector = float4;
  struct Scores {
    float at[kThreadRows][kThreadColumns];
  };
  struct Results {
    Vector at[kThreadRows][kThreadVectors];
  };

  __device__ static int sharer() { return lane_id() % kSharers; }
  /// Row of the block that is row r of this thread.
  __device__ static int row(int r) { return (warp_id() * kThreadRows + r) * kWarpGroups + lane_id() / kSharers; }
  __device__ static int column(int c) { return c * kSharers + sharer(); }
  __device__ static int vector(int v) { return (v * kSharers + sharer()) * kVector; }

  /// What a product makes of its operands before they are stored.
  __device__ static float4 operand(const float4& x) { return x; }

  /// scores += owned streamed^T
  __device__ static void add_scores(const float* owned, const float* streamed, Scores& scores) {
#pragma unroll kUnroll
    for (int d = 0; d < kDim; d += 4) {
      float4 a[kThreadRows];
#pragma unroll
      for (int r = 0; r < kThreadRows; ++r) {
        a[r] = read_vector(owned + row(r) * kPitch + d);
      }
#pragma unroll
      for (int c = 0; c < kThreadColumns; ++c) {
        const float4 b = read_vector(streamed + column(c) * kPitch + d);
#pragma unroll
        for (int r = 0; r < kThreadRows; ++r) {
          scores.at[r][c] = add_dot(a[r], b, scores.at[r][c]);
        }
      }
    }
  }

  /// results += weights streamed. `shared` holds kWeightFloats, by which the threads of a warp get the weights of all.
  __device__ static void add_weighted_rows(const Scores& weights, const float* streamed, float* shared,
                                           Results& results) {
    share_weights(weights, shared);
#pragma unroll kUnroll
    for (int s = 0; s < kStreamed; s += 4) {
      float4 weight[kThreadRows];
#pragma unroll
      for (int r = 0; r < kThreadRows; ++r) {
        weight[r] = read_vector(shared + row(r) * kWeightPitch + s);
      }
#pragma unroll
      for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int v = 0; v < kThreadVectors; ++v) {
          const float4 x = read_vector(streamed + (s + i) * kPitch + vector(v));
#pragma unroll
          for (int r = 0; r < kThreadRows; ++r) {
            add_scaled(component(weight[r], i), x, results.at[r][v]);
          }
        }
      }
    }
  }

 private:
  __device__ static void share_weights(const Scores& weights, float* shared) {
    __syncwarp();  // all have read the previous ones
#pragma unroll
    for (int r = 0; r < kThreadRows; ++r) {
#pragma unroll
      for (int c = 0; c < kThreadColumns; ++c) {
        shared[row(r) * kWeightPitch + column(c)] = weights.at[r][c];
      }
    }
    __syncwarp();
  }
};

}  // namespace octet::cuda
