#pragma once

#include "tensor/cuda/device.h"

// What attention and its gradient are made of. A block of threads owns some rows of one head and keeps them in shared
// memory; tiles of rows of the other side stream past. With o owned and s streamed rows, there are two products:
//   scores   (o, s) += owned (o, D) streamed (s, D)^T
//   results  (o, D) += weights (o, s) streamed (s, D)
// Their sums stay in registers. Eight neighbouring lanes share kThreadRows rows: each has every eighth column of the
// scores and every eighth group of four columns of the results, so weights pass from the one to the other within a
// warp. A thread reads 16 bytes of shared memory at a time, and each value it reads serves several sums: with 8 x 8
// sums a thread, 16 reads serve 256 multiplications.

namespace octet::cuda {

constexpr int kSharers = 8;  // lanes that share rows

/// Rows of shared memory are kPitch apart, so that the rows that a warp reads at once lie in different banks; weights
/// likewise.
template <int dim, int thread_rows, int streamed>
struct AttentionTile {
  static constexpr int kThreads = 128;
  static constexpr int kWarpGroups = kWarp / kSharers;              // groups of lanes in a warp
  static constexpr int kDim = dim;                                  // columns: the head size, filled up with zeros
  static constexpr int kThreadRows = thread_rows;                   // rows of a thread
  static constexpr int kStreamed = streamed;                        // rows of a tile
  static constexpr int kOwned = kThreads / kSharers * thread_rows;  // rows of a block
  static constexpr int kThreadColumns = streamed / kSharers;        // columns of scores of a thread
  static constexpr int kThreadVectors = dim / (4 * kSharers);       // float4 of a row of results of a thread
  static constexpr int kUnroll = dim > 128 ? 1 : 2;                 // no more than there are registers for
  static constexpr int kPitch = dim + 4;
  static constexpr int kWeightPitch = streamed + 8;
  static constexpr int kOwnedFloats = kOwned * kPitch;
  static constexpr int kStreamedFloats = kStreamed * kPitch;
  static constexpr int kWeightFloats = kOwned * kWeightPitch;

  struct Scores {
    float at[kThreadRows][kThreadColumns];
  };
  struct Results {
    float4 at[kThreadRows][kThreadVectors];
  };

  __device__ static int sharer() { return lane_id() % kSharers; }
  /// Row of the block that is row r of this thread.
  __device__ static int row(int r) { return (warp_id() * kThreadRows + r) * kWarpGroups + lane_id() / kSharers; }
  __device__ static int column(int c) { return c * kSharers + sharer(); }
  __device__ static int vector(int v) { return (v * kSharers + sharer()) * 4; }
};

/// Rows of a head in global memory. `vectors`: each begins at a multiple of 16 bytes and holds a multiple of 4 floats.
struct HeadRows {
  std::int64_t stride, count;
  int dim;
  bool vectors;
};

inline bool whole_vectors(const void* memory, std::int64_t row, std::int64_t batch, std::int64_t head_dim) {
  return reinterpret_cast<std::uintptr_t>(memory) % 16 == 0 && row % 4 == 0 && batch % 4 == 0 && head_dim % 4 == 0;
}

__device__ inline float4 zero_vector() {
  return make_float4(0.0F, 0.0F, 0.0F, 0.0F);
}
__device__ inline float component(const float4& x, int i) {
  return i == 0 ? x.x : i == 1 ? x.y : i == 2 ? x.z : x.w;
}
/// y += factor * x
__device__ inline void add_scaled(float factor, const float4& x, float4& y) {
  y = make_float4(fmaf(factor, x.x, y.x), fmaf(factor, x.y, y.y), fmaf(factor, x.z, y.z), fmaf(factor, x.w, y.w));
}
__device__ inline float add_dot(const float4& a, const float4& b, float sum) {
  return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}
__device__ inline float4 scaled(const float4& x, float factor) {
  return make_float4(x.x * factor, x.y * factor, x.z * factor, x.w * factor);
}
__device__ inline float4 read_vector(const float* shared) {
  return *reinterpret_cast<const float4*>(shared);
}

/// Four columns of a row, with zeros beyond its end.
__device__ inline float4 load_vector(const float* row, int column, const HeadRows& rows) {
  if (column >= rows.dim) {
    return zero_vector();
  }
  if (rows.vectors) {
    return *reinterpret_cast<const float4*>(row + column);
  }
  const auto at = [&](int c) { return c < rows.dim ? row[c] : 0.0F; };
  return make_float4(at(column), at(column + 1), at(column + 2), at(column + 3));
}

/// Brings kRows rows from `from` to shared memory, times `factor`. Rows beyond `rows.count` become zeros.
template <typename Tile, int kRows>
__device__ void load_rows(const float* from, const HeadRows& rows, float factor, float* shared) {
  constexpr int kRowVectors = Tile::kDim / 4;
  constexpr int kSteps = kRows * kRowVectors / Tile::kThreads;
  static_assert(kRows * kRowVectors % Tile::kThreads == 0);
#pragma unroll
  for (int step = 0; step < kSteps; ++step) {
    const int index = step * Tile::kThreads + static_cast<int>(threadIdx.x);
    const int row = index / kRowVectors, column = index % kRowVectors * 4;
    const float4 x = row < rows.count ? load_vector(from + row * rows.stride, column, rows) : zero_vector();
    *reinterpret_cast<float4*>(shared + row * Tile::kPitch + column) = scaled(x, factor);
  }
}

/// Writes the results of all threads, times a factor(r) for row r of a thread, to those rows that exist.
template <typename Tile, typename Factor>
__device__ void store_rows(const typename Tile::Results& results, const HeadRows& rows, Factor factor, float* to) {
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
    float* row = to + Tile::row(r) * rows.stride;
#pragma unroll
    for (int v = 0; v < Tile::kThreadVectors; ++v) {
      const int column = Tile::vector(v);
      const float4 x = scaled(results.at[r][v], factor(r));
      if (Tile::row(r) >= rows.count || column >= rows.dim) {
        continue;
      }
      if (rows.vectors) {
        *reinterpret_cast<float4*>(row + column) = x;
      } else {
#pragma unroll
        for (int i = 0; i < 4 && column + i < rows.dim; ++i) {
          row[column + i] = component(x, i);
        }
      }
    }
  }
}

/// Throws: heads of head_dim columns are wider than kernels can do.
[[noreturn]] void refuse_heads(std::int64_t head_dim, std::int64_t widest);

/// body(tile) with the first of the tiles that is wide enough. Errors: none is.
template <typename Tile, typename... Wider, typename Body>
void with_attention_tile(std::int64_t head_dim, const Body& body) {
  if (head_dim <= Tile::kDim) {
    body(Tile());
  } else if constexpr (sizeof...(Wider) > 0) {
    with_attention_tile<Wider...>(head_dim, body);
  } else {
    refuse_heads(head_dim, Tile::kDim);
  }
}

/// scores += owned streamed^T
template <typename Tile>
__device__ void add_scores(const float* owned, const float* streamed, typename Tile::Scores& scores) {
#pragma unroll Tile::kUnroll
  for (int d = 0; d < Tile::kDim; d += 4) {
    float4 a[Tile::kThreadRows];
#pragma unroll
    for (int r = 0; r < Tile::kThreadRows; ++r) {
      a[r] = read_vector(owned + Tile::row(r) * Tile::kPitch + d);
    }
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      const float4 b = read_vector(streamed + Tile::column(c) * Tile::kPitch + d);
#pragma unroll
      for (int r = 0; r < Tile::kThreadRows; ++r) {
        scores.at[r][c] = add_dot(a[r], b, scores.at[r][c]);
      }
    }
  }
}

/// Hands the weights that the threads of a warp hold to all of them.
template <typename Tile>
__device__ void share_weights(const typename Tile::Scores& weights, float* shared) {
  __syncwarp();  // all have read the previous ones
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      shared[Tile::row(r) * Tile::kWeightPitch + Tile::column(c)] = weights.at[r][c];
    }
  }
  __syncwarp();
}

/// results += weights streamed
template <typename Tile>
__device__ void add_weighted_rows(const float* weights, const float* streamed, typename Tile::Results& results) {
#pragma unroll Tile::kUnroll
  for (int s = 0; s < Tile::kStreamed; s += 4) {
    float4 weight[Tile::kThreadRows];
#pragma unroll
    for (int r = 0; r < Tile::kThreadRows; ++r) {
      weight[r] = read_vector(weights + Tile::row(r) * Tile::kWeightPitch + s);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
#pragma unroll
      for (int v = 0; v < Tile::kThreadVectors; ++v) {
        const float4 x = read_vector(streamed + (s + i) * Tile::kPitch + Tile::vector(v));
#pragma unroll
        for (int r = 0; r < Tile::kThreadRows; ++r) {
          add_scaled(component(weight[r], i), x, results.at[r][v]);
        }
      }
    }
  }
}

}  // namespace octet::cuda
