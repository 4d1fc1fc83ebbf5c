#include "tensor/cuda/attention/attention_backward.h"
#include "tensor/cuda/attention/attention_mma_tiles.h"
#include "tensor/cuda/attention/attention_tiles.h"
#include "tensor/cuda/runtime/tables.h"
#include "tensor/kernels/formulas.h"

// The gradient of attention (Dao et al. 2022, https://arxiv.org/abs/2205.14135, section 3.1 and appendix B), with the
// weights P = exp(q k^T / sqrt(D) - log_sum) computed again:
//   dV = P^T dy     dS = P * (dy V^T - sum(dy * y))     dQ = dS K / sqrt(D)     dK = dS^T Q / sqrt(D)
// One kernel owns keys and values and streams queries, the other owns queries and streams keys and values. Both compute
// P and dS; so every gradient is summed by one thread in one order, which is the same in each run.
//
// With clipped weights W (tensor/ops/attention.h) dV = W^T dy, and of dP = dy V^T a part is left. sum(dP * P), which is
// sum(dy * y) no more, is added up by the kernel that owns queries, in a pass over the keys before its own; it runs
// first.

namespace octet::cuda {
namespace {

constexpr int kSumThreads = 256;

/// sum(dy * y) of each row (batch, heads, time), a warp each.
__global__ void row_sums_kernel(BackwardArgs args) {
  const AttentionArgs& forward = args.given.forward;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * (kSumThreads / kWarp) + warp_id();
  if (row >= forward.batch * forward.time * forward.heads) {
    return;  // with all of its warp
  }
  const std::int64_t head = row % forward.heads, t = row / forward.heads % forward.time;
  const std::int64_t batch = row / forward.heads / forward.time;
  const std::int64_t offset = args.y_offset(batch, t, head);
  float sum = 0.0F;
  for (std::int64_t d = lane_id(); d < forward.head_dim; d += kWarp) {
    sum = fmaf(args.given.dy[offset + d], forward.y[offset + d], sum);
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    forward.scratch[args.row_offset(batch, t, head)] = sum;
  }
}

/// forward: P = softmax(S); so dS = P * (dP - sum(dP * P)). Where weights are clipped, dP = (1 - gamma) dW of those
/// that are not 0. Of one element, given what the product dy V^T is: dP, or dW.
template <bool kClipped>
__device__ float score_gradient(float p, float product, float row_sum, float gamma) {
  if constexpr (kClipped) {
    product *= clipped_weight_gradient(p, gamma);
  }
  return p * (product - row_sum);
}

/// Adds what a tile of queries gives to the gradients of keys. Its first query is `later` positions behind the first
/// key, and `rows` of its queries exist.
template <typename Tile, bool kClipped>
__device__ void add_key_gradients(const BackwardMemory<Tile>& memory, int later, std::int64_t rows, float gamma,
                                  typename Tile::Results& dk, typename Tile::Results& dv) {
  typename Tile::Scores p = {}, ds = {};
  Tile::add_scores(memory.owned[0], memory.streamed[0], p);
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      const bool sees = Tile::row(r) <= later + Tile::column(c) && Tile::column(c) < rows;
      p.at[r][c] = sees ? exp2f(p.at[r][c] - memory.log_sums[Tile::column(c)]) : 0.0F;
    }
  }
  if constexpr (!kClipped) {
    Tile::add_weighted_rows(p, memory.streamed[1], memory.weights, dv);
  }
  Tile::add_scores(memory.owned[1], memory.streamed[1], ds);
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      ds.at[r][c] = score_gradient<kClipped>(p.at[r][c], ds.at[r][c], memory.row_sums[Tile::column(c)], gamma);
      if constexpr (kClipped) {
        p.at[r][c] = clipped_weight(p.at[r][c], gamma);
      }
    }
  }
  if constexpr (kClipped) {  // after dS, which needs P: there are no registers for P and W
    Tile::add_weighted_rows(p, memory.streamed[1], memory.weights, dv);
  }
  Tile::add_weighted_rows(ds, memory.streamed[0], memory.weights, dk);
}

/// dK and dV. Blocks: (tiles of keys, heads of keys, batch). The first keys are seen by most queries and start first.
template <typename Tile, bool kClipped>
__global__ void key_gradients_kernel(BackwardArgs args) {
  const AttentionArgs& forward = args.given.forward;
  const BackwardMemory<Tile> memory(dynamic_shared<float>());
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * Tile::kOwned;
  const std::int64_t kv_head = blockIdx.y, batch = blockIdx.z, group = forward.heads / forward.kv_heads;
  const std::int64_t kv = args.kv_offset(batch, first, kv_head);
  load_rows<Tile, Tile::kOwned>(forward.k + kv, args.kv_rows(first), 1.0F, memory.owned[0]);
  load_rows<Tile, Tile::kOwned>(forward.v + kv, args.kv_rows(first), 1.0F, memory.owned[1]);
  typename Tile::Results dk = {}, dv = {};
  for (std::int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
    for (std::int64_t t = first; t < forward.time; t += Tile::kStreamed) {
      __syncthreads();  // all are done with the previous tile
      load_queries<Tile>(args, batch, t, head, memory);
      __syncthreads();
      add_key_gradients<Tile, kClipped>(memory, static_cast<int>(t - first), forward.time - t, forward.gamma, dk, dv);
    }
  }
  // The queries have the 1 / sqrt(D) of dK already, and log2(e) too.
  store_rows<Tile>(
      dk, args.kv_rows(first), [](int) { return kLn2; }, args.given.dk + kv);
  store_rows<Tile>(
      dv, args.kv_rows(first), [](int) { return 1.0F; }, args.given.dv + kv);
}

/// The log-sum and sum(dP * P) of the rows of the block.
template <typename Tile, bool kClipped>
struct QueryRows {
  float log_sum[Tile::kThreadRows];
  float row_sum[Tile::kThreadRows];  // clipped: 0, and not known yet

  __device__ QueryRows(const BackwardArgs& args, std::int64_t batch, std::int64_t first, std::int64_t head) {
    const std::int64_t offset = args.row_offset(batch, first, head);
#pragma unroll
    for (int r = 0; r < Tile::kThreadRows; ++r) {
      const bool exists = first + Tile::row(r) < args.given.forward.time;
      log_sum[r] = exists ? args.given.forward.log_sum[offset + Tile::row(r)] * kLog2E : 0.0F;
      row_sum[r] = exists && !kClipped ? args.given.forward.scratch[offset + Tile::row(r)] : 0.0F;
    }
  }

  /// The row sums of all threads that share a row, kept for the other kernel.
  __device__ void finish_sums(const BackwardArgs& args, std::int64_t batch, std::int64_t first, std::int64_t head) {
    const std::int64_t offset = args.row_offset(batch, first, head);
#pragma unroll
    for (int r = 0; r < Tile::kThreadRows; ++r) {
      row_sum[r] = sum_of_sharers<Tile>(row_sum[r]);
      if (Tile::sharer() == 0 && first + Tile::row(r) < args.given.forward.time) {
        args.given.forward.scratch[offset + Tile::row(r)] = row_sum[r];
      }
    }
  }
};

/// Adds what keys and values give to this thread's part of sum(dP * P), where weights are clipped. `visible`: keys of
/// the tile that row 0 sees.
template <typename Tile>
__device__ void add_row_sums(const BackwardMemory<Tile>& memory, std::int64_t visible, float gamma,
                             QueryRows<Tile, true>& rows) {
  typename Tile::Scores p = {}, dw = {};
  Tile::add_scores(memory.owned[0], memory.streamed[0], p);
  Tile::add_scores(memory.owned[1], memory.streamed[1], dw);
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      const bool sees = Tile::column(c) < visible + Tile::row(r);
      const float weight = exp2f(p.at[r][c] - rows.log_sum[r]);
      rows.row_sum[r] += sees ? weight * clipped_weight_gradient(weight, gamma) * dw.at[r][c] : 0.0F;
    }
  }
}

/// Adds what keys and values give to the gradients of queries. `visible`: as above.
template <typename Tile, bool kClipped>
__device__ void add_query_gradients(const BackwardMemory<Tile>& memory, const QueryRows<Tile, kClipped>& rows,
                                    std::int64_t visible, float gamma, typename Tile::Results& dq) {
  typename Tile::Scores p = {}, ds = {};
  Tile::add_scores(memory.owned[0], memory.streamed[0], p);
  Tile::add_scores(memory.owned[1], memory.streamed[1], ds);
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      const bool sees = Tile::column(c) < visible + Tile::row(r);
      const float weight = exp2f(p.at[r][c] - rows.log_sum[r]);
      ds.at[r][c] = sees ? score_gradient<kClipped>(weight, ds.at[r][c], rows.row_sum[r], gamma) : 0.0F;
    }
  }
  Tile::add_weighted_rows(ds, memory.streamed[0], memory.weights, dq);
}

/// body(first key of the tile) for each tile of the keys and values that the queries from `first` on see.
template <typename Tile, typename Body>
__device__ void for_each_key_tile(const BackwardArgs& args, const BackwardMemory<Tile>& memory, std::int64_t batch,
                                  std::int64_t first, std::int64_t kv_head, const Body& body) {
  const AttentionArgs& forward = args.given.forward;
  const std::int64_t keys = first + Tile::kOwned < forward.time ? first + Tile::kOwned : forward.time;
  for (std::int64_t key = 0; key < keys; key += Tile::kStreamed) {
    const std::int64_t kv = args.kv_offset(batch, key, kv_head);
    __syncthreads();  // all are done with the previous tile
    load_rows<Tile, Tile::kStreamed>(forward.k + kv, args.kv_rows(key), 1.0F, memory.streamed[0]);
    load_rows<Tile, Tile::kStreamed>(forward.v + kv, args.kv_rows(key), 1.0F, memory.streamed[1]);
    __syncthreads();
    body(key);
  }
}

/// dQ. Blocks: (tiles of queries, heads, batch). The last queries see most keys and start first.
template <typename Tile, bool kClipped>
__global__ void query_gradients_kernel(BackwardArgs args) {
  const AttentionArgs& forward = args.given.forward;
  const BackwardMemory<Tile> memory(dynamic_shared<float>());
  const std::int64_t first = static_cast<std::int64_t>(gridDim.x - 1 - blockIdx.x) * Tile::kOwned;
  const std::int64_t head = blockIdx.y, batch = blockIdx.z, kv_head = head / (forward.heads / forward.kv_heads);
  const std::int64_t q = args.q_offset(batch, first, head);
  load_rows<Tile, Tile::kOwned>(forward.q + q, args.q_rows(first), query_factor(args.dim()), memory.owned[0]);
  load_rows<Tile, Tile::kOwned>(args.given.dy + args.y_offset(batch, first, head), args.y_rows(first), 1.0F,
                                memory.owned[1]);
  QueryRows<Tile, kClipped> rows(args, batch, first, head);
  if constexpr (kClipped) {
    for_each_key_tile(args, memory, batch, first, kv_head,
                      [&](std::int64_t key) { add_row_sums<Tile>(memory, first + 1 - key, forward.gamma, rows); });
    rows.finish_sums(args, batch, first, head);
  }
  typename Tile::Results dq = {};
  for_each_key_tile(args, memory, batch, first, kv_head, [&](std::int64_t key) {
    add_query_gradients<Tile, kClipped>(memory, rows, first + 1 - key, forward.gamma, dq);
  });
  const float scale = 1.0F / sqrtf(static_cast<float>(args.dim()));
  store_rows<Tile>(
      dq, args.q_rows(first), [scale](int) { return scale; }, args.given.dq + q);
}

template <typename Tile, bool kClipped>
void gradients_of(const BackwardArgs& args) {
  const AttentionArgs& forward = args.given.forward;
  const auto grid = [&](std::int64_t heads) {
    return Grid{dim3(blocks_for(forward.time, Tile::kOwned), static_cast<unsigned>(heads),
                     static_cast<unsigned>(forward.batch)),
                dim3(Tile::kThreads), BackwardMemory<Tile>::kBytes};
  };
  launch("attention_backward, queries", query_gradients_kernel<Tile, kClipped>, grid(forward.heads), args);
  launch("attention_backward, keys", key_gradients_kernel<Tile, kClipped>, grid(forward.kv_heads), args);
}

bool all_whole_vectors(const AttentionBackwardArgs& args) {
  const AttentionArgs& forward = args.forward;
  for (const float* x : {forward.q, static_cast<const float*>(args.dq)}) {
    if (!whole_vectors(x, forward.q_row, forward.q_batch, forward.head_dim)) {
      return false;
    }
  }
  for (const float* x :
       {forward.k, forward.v, static_cast<const float*>(args.dk), static_cast<const float*>(args.dv)}) {
    if (!whole_vectors(x, forward.kv_row, forward.kv_batch, forward.head_dim)) {
      return false;
    }
  }
  return whole_vectors(args.dy, 0, 0, forward.head_dim);
}

// Two sums of results and two of scores for each row: half the rows that the forward pass can own. Those of more than
// 99 KiB (99.25, 109.25 and 100.6) have a smaller one behind them (82.6, 71.25 and 66.6 KiB).
template <bool kClipped>
void gradients(const BackwardArgs& args) {
  constexpr int kMmaRows128 = kClipped ? 16 : 32;  // with 32, what clipping needs does not fit in registers
  const auto body = [&]<typename Tile>(Tile) { gradients_of<Tile, kClipped>(args); };
  const std::int64_t head_dim = args.given.forward.head_dim;
  if (attention_by_mma(head_dim)) {
    with_attention_tile<BackwardMemory, AttentionMmaTile<32, 1, 64>, AttentionMmaTile<64, 1, 64>,
                        AttentionMmaTile<128, 1, kMmaRows128>, AttentionMmaTile<128, 1, 16>>(head_dim, body);
  } else {
    with_attention_tile<BackwardMemory, AttentionTile<32, 4, 64>, AttentionTile<64, 4, 64>, AttentionTile<128, 4, 32>,
                        AttentionTile<128, 2, 32>, AttentionTile<256, 2, 16>, AttentionTile<256, 1, 16>>(head_dim,
                                                                                                         body);
  }
}

}  // namespace

void attention_backward(const AttentionBackwardArgs& given) {
  const AttentionArgs& forward = given.forward;
  const BackwardArgs args = {given, all_whole_vectors(given)};
  if (forward.clips()) {
    gradients<true>(args);
    return;
  }
  const Grid rows = {dim3(blocks_for(forward.batch * forward.heads * forward.time, kSumThreads / kWarp)),
                     dim3(kSumThreads)};
  launch("attention_backward, row sums", row_sums_kernel, rows, args);
  gradients<false>(args);
}

}  // namespace octet::cuda
