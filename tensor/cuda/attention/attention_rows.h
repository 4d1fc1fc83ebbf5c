#pragma once

#include <concepts>

#include "tensor/cuda/attention/attention_heads.h"
#include "tensor/cuda/language/vectors.h"
#include "tensor/cuda/runtime/runtime.h"

// Rows of a head in global memory, and how a block of threads brings them to shared memory and back.

namespace octet::cuda {

/// How rows lie in shared memory, and which elements of scores and results a thread has: AttentionTile and
/// AttentionMmaTile, which explain these words.
template <typename Tile>
concept AttentionRows = requires(int index, const float4& x, const float* owned, const float* streamed, float* shared,
                                 typename Tile::Scores scores, typename Tile::Results results) {
  requires Tile::kThreads % kWarp == 0 && Tile::kDim % 4 == 0 && Tile::kPitch % 4 == 0;
  requires Tile::kOwned* Tile::kStreamed == Tile::kThreads* Tile::kThreadRows* Tile::kThreadColumns;
  requires Tile::kOwned* Tile::kDim == Tile::kThreads* Tile::kThreadRows* Tile::kThreadVectors* Tile::kVector;
  requires Tile::kOwnedFloats == Tile::kOwned* Tile::kPitch;
  requires Tile::kStreamedFloats == Tile::kStreamed* Tile::kPitch;
  requires Tile::kWeightFloats >= 0 && Tile::kSharers > 0;
  scores.at[Tile::kThreadRows - 1][Tile::kThreadColumns - 1] = 0.0F;
  results.at[Tile::kThreadRows - 1][Tile::kThreadVectors - 1] = typename Tile::Vector();
  { Tile::sharer() } -> std::same_as<int>;
  { Tile::row(index) } -> std::same_as<int>;
  { Tile::column(index) } -> std::same_as<int>;
  { Tile::vector(index) } -> std::same_as<int>;
  { Tile::operand(x) } -> std::same_as<float4>;
  Tile::add_scores(owned, streamed, scores);
  Tile::add_weighted_rows(scores, streamed, shared, results);
};

// A GPU computes powers of two, and e^x as 2^(x log2 e). So queries are multiplied by log2(e) / sqrt(D) when they are
// brought to shared memory; scores, their maxima and logarithms of sums are then to the base two.
constexpr float kLog2E = 1.44269504F, kLn2 = 0.693147181F;

__device__ inline float query_factor(int dim) {
  return kLog2E / sqrtf(static_cast<float>(dim));
}

/// Rows of a head in global memory. `vectors`: each begins at a multiple of 16 bytes and holds a multiple of 4 floats.
struct HeadRows {
  std::int64_t stride, count;
  int dim;
  bool vectors;
};

inline bool whole_vectors(const void* memory, std::int64_t row, std::int64_t batch, std::int64_t head_dim) {
  return reinterpret_cast<std::uintptr_t>(memory) % 16 == 0 && row % 4 == 0 && batch % 4 == 0 && head_dim % 4 == 0;
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

/// Brings kRows rows from `from` to shared memory, times `factor`, as operands of products. Rows beyond `rows.count`
/// become zeros.
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
    *reinterpret_cast<float4*>(shared + row * Tile::kPitch + column) = Tile::operand(scaled(x, factor));
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
      const auto x = scaled(results.at[r][v], factor(r));
      if (Tile::row(r) >= rows.count || column >= rows.dim) {
        continue;
      }
      if (rows.vectors) {
        *reinterpret_cast<typename Tile::Vector*>(row + column) = x;
      } else {
#pragma unroll
        for (int i = 0; i < Tile::kVector && column + i < rows.dim; ++i) {
          row[column + i] = component(x, i);
        }
      }
    }
  }
}

// Over the lanes that share rows.
template <typename Tile>
__device__ float max_of_sharers(float x) {
  for (int offset = 1; offset < Tile::kSharers; offset *= 2) {
    x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, offset));
  }
  return x;
}
template <typename Tile>
__device__ float sum_of_sharers(float x) {
  for (int offset = 1; offset < Tile::kSharers; offset *= 2) {
    x += __shfl_xor_sync(kAllLanes, x, offset);
  }
  return x;
}

/// body(tile) with the first of the tiles that is wide enough and whose Memory<Tile>::kBytes the chip grants a block.
/// Tiles are ordered by width, and of one width the larger comes first. Errors: there is none.
template <template <typename> typename Memory, AttentionRows Tile, AttentionRows... Others, typename Body>
void with_attention_tile(std::int64_t head_dim, const Body& body) {
  if (head_dim <= Tile::kDim && Memory<Tile>::kBytes <= device().shared_bytes) {
    body(Tile());
  } else if constexpr (sizeof...(Others) > 0) {
    with_attention_tile<Memory, Others...>(head_dim, body);
  } else {
    refuse_heads(head_dim, Tile::kDim, Memory<Tile>::kBytes);
  }
}

}  // namespace octet::cuda
