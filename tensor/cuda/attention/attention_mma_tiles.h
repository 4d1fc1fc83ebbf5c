#pragma once

#include "tensor/cuda/attention/attention_rows.h"
#include "tensor/cuda/language/mma.h"

// The products of attention_tiles.h on tensor cores, with operands rounded to TF32 when they are stored and FP32 sums.
// A warp owns kMmaTiles times 16 rows, and a thread has of them what fragments give it: rows g and g + 8 of each 16,
// columns 2 t and 2 t + 1 of each 8. So the four lanes of a group share rows.
//
// The place of an element along K is free, as long as both operands agree. In the second product, word t stands for the
// streamed row 2 t and word t + 4 for 2 t + 1: the fragment of weights is then what the thread computed itself.

namespace octet::cuda {

/// Rows of shared memory are kPitch apart: the words that the lanes of a warp read at once, (g, t) of the first product
/// and (2 t, g) of the second, lie in different banks.
template <int dim, int mma_tiles, int tile_rows>
struct AttentionMmaTile {
  static constexpr int kThreads = 128;
  static constexpr int kSharers = 4;           // lanes that share rows
  static constexpr int kMmaTiles = mma_tiles;  // 16 rows each
  static constexpr int kDim = dim;             // columns: the head size, filled up with zeros
  static constexpr int kThreadRows = 2 * mma_tiles;
  static constexpr int kStreamed = tile_rows;                             // rows of a tile
  static constexpr int kOwned = kThreads / kWarp * mma_tiles * kMmaRows;  // rows of a block
  static constexpr int kThreadColumns = tile_rows / kSharers;             // columns of scores of a thread
  static constexpr int kVector = 2;                                       // columns of results that lie side by side
  static constexpr int kThreadVectors = dim / kMmaColumns;
  static constexpr int kPitch = dim + 4;
  static constexpr int kOwnedFloats = kOwned * kPitch;
  static constexpr int kStreamedFloats = kStreamed * kPitch;
  static constexpr int kWeightFloats = 0;

  using Vector = float2;
  struct Scores {
    float at[kThreadRows][kThreadColumns];
  };
  struct Results {
    Vector at[kThreadRows][kThreadVectors];
  };

  __device__ static int sharer() { return fragment_member(); }
  /// Row of the block that is row r of this thread.
  __device__ static int row(int r) { return first_row(r / 2) + r % 2 * 8 + fragment_group(); }
  __device__ static int column(int c) { return c / 2 * kMmaColumns + 2 * sharer() + c % 2; }
  __device__ static int vector(int v) { return v * kMmaColumns + 2 * sharer(); }

  __device__ static float4 operand(const float4& x) {
    return make_float4(to_tf32(x.x), to_tf32(x.y), to_tf32(x.z), to_tf32(x.w));
  }

  /// scores += owned streamed^T
  __device__ static void add_scores(const float* owned, const float* streamed, Scores& scores) {
    const int g = fragment_group(), t = fragment_member();
#pragma unroll 2
    for (int d = 0; d < kDim; d += kMmaWords) {
      float a[kMmaTiles][4];
#pragma unroll
      for (int tile = 0; tile < kMmaTiles; ++tile) {
        const float* x = owned + (first_row(tile) + g) * kPitch + d + t;
        a[tile][0] = x[0], a[tile][1] = x[8 * kPitch], a[tile][2] = x[4], a[tile][3] = x[8 * kPitch + 4];
      }
#pragma unroll
      for (int n = 0; n < kStreamed / kMmaColumns; ++n) {
        const float* x = streamed + (n * kMmaColumns + g) * kPitch + d + t;
        const float b[2] = {x[0], x[4]};
#pragma unroll
        for (int tile = 0; tile < kMmaTiles; ++tile) {
          float(&upper)[kThreadColumns] = scores.at[2 * tile], (&lower)[kThreadColumns] = scores.at[2 * tile + 1];
          float sums[4] = {upper[2 * n], upper[2 * n + 1], lower[2 * n], lower[2 * n + 1]};
          multiply_fragments(a[tile], b, sums);
          upper[2 * n] = sums[0], upper[2 * n + 1] = sums[1], lower[2 * n] = sums[2], lower[2 * n + 1] = sums[3];
        }
      }
    }
  }

  /// results += weights streamed. The last but one argument is not used: here each thread holds its own weights, where
  /// other tiles share them through that memory.
  __device__ static void add_weighted_rows(const Scores& weights, const float* streamed, float* /*shared*/,
                                           Results& results) {
    const int g = fragment_group(), t = fragment_member();
#pragma unroll
    for (int s = 0; s < kStreamed / kMmaWords; ++s) {
      float a[kMmaTiles][4];
#pragma unroll
      for (int tile = 0; tile < kMmaTiles; ++tile) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          a[tile][i] = to_tf32(weights.at[2 * tile + i % 2][2 * s + i / 2]);
        }
      }
#pragma unroll
      for (int v = 0; v < kThreadVectors; ++v) {
        const float* x = streamed + (s * kMmaWords + 2 * t) * kPitch + v * kMmaColumns + g;
        const float b[2] = {x[0], x[kPitch]};
#pragma unroll
        for (int tile = 0; tile < kMmaTiles; ++tile) {
          Vector &upper = results.at[2 * tile][v], &lower = results.at[2 * tile + 1][v];
          float sums[4] = {upper.x, upper.y, lower.x, lower.y};
          multiply_fragments(a[tile], b, sums);
          upper = make_float2(sums[0], sums[1]), lower = make_float2(sums[2], sums[3]);
        }
      }
    }
  }

 private:
  __device__ static int first_row(int tile) {
    return (warp_id() * kMmaTiles + tile) * kMmaRows;
  }
};

}  // namespace octet::cuda
