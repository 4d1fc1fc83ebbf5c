#include "tensor/cuda/attention/attention_mma_tiles.h"
#include "tensor/cuda/attention/attention_tiles.h"
#include "tensor/cuda/runtime/tables.h"
#include "tensor/kernels/formulas.h"

// Causal attention with an online softmax (Dao et al. 2022, https://arxiv.org/abs/2205.14135, section 3.1). A block
// owns queries of one head, and tiles of keys and values stream past. The maximum of a row rises from tile to tile;
// what was summed before is scaled down then. The T x T matrix never exists.
//
// A clipped softmax (tensor/ops/attention.h) must know the sum of a row before it knows a weight. So the keys stream
// past twice: first alone, for maximum and sum, then with the values.

namespace octet::cuda {
namespace {

/// Of one row: the greatest score so far, and this thread's part of the sum of 2^(score - max).
template <typename Tile>
struct OnlineSoftmax {
  float max[Tile::kThreadRows];
  float sum[Tile::kThreadRows];
};

/// Shared memory of a block: its queries, a tile of keys and one of values, and weights.
template <typename Tile>
struct ForwardMemory {
  static constexpr std::size_t kBytes =
      (Tile::kOwnedFloats + 2 * Tile::kStreamedFloats + Tile::kWeightFloats) * sizeof(float);
};

/// Scores that row r of the block must not see become -infinity. `visible`: keys of the tile that row 0 sees.
template <typename Tile>
__device__ void hide_future(std::int64_t visible, typename Tile::Scores& scores) {
  if (visible >= Tile::kStreamed) {
    return;
  }
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      if (Tile::column(c) >= static_cast<int>(visible) + Tile::row(r)) {
        scores.at[r][c] = -INFINITY;
      }
    }
  }
}

/// Scores become weights 2^(score - max), and the sums and results so far are brought to the new maximum.
template <typename Tile>
__device__ void update_softmax(OnlineSoftmax<Tile>& softmax, typename Tile::Scores& scores,
                               typename Tile::Results& results) {
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
    float max = softmax.max[r];
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      max = fmaxf(max, scores.at[r][c]);
    }
    max = max_of_sharers<Tile>(max);
    const float factor = exp2f(softmax.max[r] - max);
    float sum = softmax.sum[r] * factor;
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      scores.at[r][c] = exp2f(scores.at[r][c] - max);
      sum += scores.at[r][c];
    }
#pragma unroll
    for (int v = 0; v < Tile::kThreadVectors; ++v) {
      results.at[r][v] = scaled(results.at[r][v], factor);
    }
    softmax.max[r] = max;
    softmax.sum[r] = sum;
  }
}

/// The sums of all threads of a row.
template <typename Tile>
__device__ void add_sharers(OnlineSoftmax<Tile>& softmax) {
  for (float& sum : softmax.sum) {
    sum = sum_of_sharers<Tile>(sum);
  }
}

/// Scores become clipped weights. The maximum is that of the whole row, and `sum` is 1 / the sum of the whole row.
template <typename Tile>
__device__ void clip_weights(const OnlineSoftmax<Tile>& softmax, float gamma, typename Tile::Scores& scores) {
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      scores.at[r][c] = clipped_weight(exp2f(scores.at[r][c] - softmax.max[r]) * softmax.sum[r], gamma);
    }
  }
}

/// To `log_sum`, which may be null.
template <typename Tile>
__device__ void store_log_sums(const OnlineSoftmax<Tile>& softmax, std::int64_t count, float* log_sum) {
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
    if (log_sum != nullptr && Tile::sharer() == 0 && Tile::row(r) < count) {
      log_sum[Tile::row(r)] = softmax.max[r] * kLn2 + logf(softmax.sum[r]);
    }
  }
}

/// Blocks: (tiles of queries, heads, batch). The last queries see most keys and start first.
template <typename Tile, bool kClipped>
__global__ void attention_kernel(AttentionArgs args, bool vectors) {
  float* q = dynamic_shared<float>();
  float* k = q + Tile::kOwnedFloats;
  float* v = k + Tile::kStreamedFloats;
  float* weights = v + Tile::kStreamedFloats;
  const std::int64_t first = static_cast<std::int64_t>(gridDim.x - 1 - blockIdx.x) * Tile::kOwned;
  const std::int64_t head = blockIdx.y, batch = blockIdx.z, rows = args.time - first;
  const int dim = static_cast<int>(args.head_dim);
  const std::int64_t kv = batch * args.kv_batch + head / (args.heads / args.kv_heads) * args.head_dim;
  const std::int64_t keys = args.past + first + (rows < Tile::kOwned ? rows : Tile::kOwned);

  load_rows<Tile, Tile::kOwned>(args.q + batch * args.q_batch + first * args.q_row + head * args.head_dim,
                                {args.q_row, rows, dim, vectors}, query_factor(dim), q);
  float* log_sum = args.log_sum == nullptr ? nullptr : args.log_sum + (batch * args.heads + head) * args.time + first;
  OnlineSoftmax<Tile> softmax = {};
  for (float& max : softmax.max) {
    max = -INFINITY;
  }
  if constexpr (kClipped) {
    for (std::int64_t key = 0; key < keys; key += Tile::kStreamed) {
      __syncthreads();  // all are done with the previous tile
      load_rows<Tile, Tile::kStreamed>(args.k + kv + key * args.kv_row, {args.kv_row, keys - key, dim, vectors}, 1.0F,
                                       k);
      __syncthreads();
      typename Tile::Scores scores = {};
      Tile::add_scores(q, k, scores);
      hide_future<Tile>(args.past + first + 1 - key, scores);
      typename Tile::Results none = {};
      update_softmax<Tile>(softmax, scores, none);
    }
    add_sharers<Tile>(softmax);
    store_log_sums<Tile>(softmax, rows, log_sum);
    for (float& sum : softmax.sum) {
      sum = 1.0F / sum;
    }
  }
  typename Tile::Results results = {};
  for (std::int64_t key = 0; key < keys; key += Tile::kStreamed) {
    const HeadRows kv_rows = {args.kv_row, keys - key, dim, vectors};
    __syncthreads();  // all are done with the previous tile
    load_rows<Tile, Tile::kStreamed>(args.k + kv + key * args.kv_row, kv_rows, 1.0F, k);
    load_rows<Tile, Tile::kStreamed>(args.v + kv + key * args.kv_row, kv_rows, 1.0F, v);
    __syncthreads();
    typename Tile::Scores scores = {};
    Tile::add_scores(q, k, scores);
    hide_future<Tile>(args.past + first + 1 - key, scores);
    if constexpr (kClipped) {
      clip_weights<Tile>(softmax, args.gamma, scores);
    } else {
      update_softmax<Tile>(softmax, scores, results);
    }
    Tile::add_weighted_rows(scores, v, weights, results);
  }
  if constexpr (!kClipped) {
    add_sharers<Tile>(softmax);
    store_log_sums<Tile>(softmax, rows, log_sum);
  }
  const std::int64_t y_row = args.heads * args.head_dim;
  store_rows<Tile>(
      results, {y_row, rows, dim, vectors}, [&](int r) { return kClipped ? 1.0F : 1.0F / softmax.sum[r]; },
      args.y + (batch * args.time + first) * y_row + head * args.head_dim);
}

template <typename Tile>
void attention_of(const AttentionArgs& args) {
  const bool vectors = whole_vectors(args.q, args.q_row, args.q_batch, args.head_dim) &&
                       whole_vectors(args.k, args.kv_row, args.kv_batch, args.head_dim) &&
                       whole_vectors(args.v, args.kv_row, args.kv_batch, args.head_dim) &&
                       whole_vectors(args.y, 0, 0, args.head_dim);
  const Grid grid = {
      dim3(blocks_for(args.time, Tile::kOwned), static_cast<unsigned>(args.heads), static_cast<unsigned>(args.batch)),
      dim3(Tile::kThreads), ForwardMemory<Tile>::kBytes};
  args.clips() ? launch("attention, clipped", attention_kernel<Tile, true>, grid, args, vectors)
               : launch("attention", attention_kernel<Tile, false>, grid, args, vectors);
}

}  // namespace

// The sum of dy * y of each row, for the gradient.
std::int64_t attention_scratch(const AttentionArgs& args) {
  return args.batch * args.heads * args.time;
}

// Tiles as large as registers (255 a thread) and shared memory allow: two blocks a processor on an H100. Those of 104
// and 140 KiB have a smaller one behind them (69 and 68 KiB), for chips that grant a block 99 KiB.
void attention(const AttentionArgs& args) {
  const auto body = [&]<typename Tile>(Tile) { attention_of<Tile>(args); };
  if (attention_by_mma(args.head_dim)) {
    with_attention_tile<ForwardMemory, AttentionMmaTile<32, 2, 64>, AttentionMmaTile<64, 2, 64>,
                        AttentionMmaTile<128, 1, 64>>(args.head_dim, body);
  } else {
    with_attention_tile<ForwardMemory, AttentionTile<32, 8, 64>, AttentionTile<64, 8, 64>, AttentionTile<64, 4, 64>,
                        AttentionTile<128, 4, 32>, AttentionTile<256, 4, 32>, AttentionTile<256, 2, 16>>(args.head_dim,
                                                                                                         body);
  }
}

}  // namespace octet::cuda
