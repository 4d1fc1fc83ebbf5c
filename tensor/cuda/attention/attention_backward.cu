#include "tensor/cuda/attention/attention_mma_tiles.h"
#include "tensor/cuda/attention/attention_tiles.h"
#include "tensor/cuda/runtime/tables.h"

// The gradient of attention (Dao et al. 2022, https://arxiv.org/abs/2205.14135, section 3.1 and appendix B), with the
// weights P = exp(q k^T / sqrt(D) - log_sum) computed again:
//   dV = P^T dy     dS = P * (dy V^T - sum(dy * y))     dQ = dS K / sqrt(D)     dK = dS^T Q / sqrt(D)
// One kernel owns keys and values and streams queries, the other owns queries and streams keys and values. Both compute
// P and dS; so every gradient is summed by one thread in one order, which is the same in each run.

namespace octet::cuda {
namespace {

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

/// Adds what a tile of queries gives to the gradients of keys. Its first query is `later` positions behind the first
/// key, and `rows` of its queries exist.
template <typename Tile>
__device__ void add_key_gradients(const BackwardMemory<Tile>& memory, int later, std::int64_t rows,
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
  Tile::add_weighted_rows(p, memory.streamed[1], memory.weights, dv);
  Tile::add_scores(memory.owned[1], memory.streamed[1], ds);
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      ds.at[r][c] = p.at[r][c] * (ds.at[r][c] - memory.row_sums[Tile::column(c)]);
    }
  }
  Tile::add_weighted_rows(ds, memory.streamed[0], memory.weights, dk);
}

/// dK and dV. Blocks: (tiles of keys, heads of keys, batch). The first keys are seen by most queries and start first.
template <typename Tile>
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
      add_key_gradients<Tile>(memory, static_cast<int>(t - first), forward.time - t, dk, dv);
    }
  }
  // The queries have the 1 / sqrt(D) of dK already, and log2(e) too.
  store_rows<Tile>(
      dk, args.kv_rows(first), [](int) { return kLn2; }, args.given.dk + kv);
  store_rows<Tile>(
      dv, args.kv_rows(first), [](int) { return 1.0F; }, args.given.dv + kv);
}

/// The log-sum and sum(dy * y) of the rows of the block.
template <typename Tile>
struct QueryRows {
  float log_sum[Tile::kThreadRows];
  float row_sum[Tile::kThreadRows];

  __device__ QueryRows(const BackwardArgs& args, std::int64_t batch, std::int64_t first, std::int64_t head) {
    const std::int64_t offset = args.row_offset(batch, first, head);
#pragma unroll
    for (int r = 0; r < Tile::kThreadRows; ++r) {
      const bool exists = first + Tile::row(r) < args.given.forward.time;
      log_sum[r] = exists ? args.given.forward.log_sum[offset + Tile::row(r)] * kLog2E : 0.0F;
      row_sum[r] = exists ? args.given.forward.scratch[offset + Tile::row(r)] : 0.0F;
    }
  }
};

/// Adds what keys and values give to the gradients of queries. `visible`: keys of the tile that row 0 sees.
template <typename Tile>
__device__ void add_query_gradients(const BackwardMemory<Tile>& memory, const QueryRows<Tile>& rows,
                                    std::int64_t visible, typename Tile::Results& dq) {
  typename Tile::Scores p = {}, ds = {};
  Tile::add_scores(memory.owned[0], memory.streamed[0], p);
  Tile::add_scores(memory.owned[1], memory.streamed[1], ds);
#pragma unroll
  for (int r = 0; r < Tile::kThreadRows; ++r) {
#pragma unroll
    for (int c = 0; c < Tile::kThreadColumns; ++c) {
      const bool sees = Tile::column(c) < visible + Tile::row(r);
      const float weight = exp2f(p.at[r][c] - rows.log_sum[r]);
      ds.at[r][c] = sees ? weight * (ds.at[r][c] - rows.row_sum[r]) : 0.0F;
    }
  }
  Tile::add_weighted_rows(ds, memory.streamed[0], memory.weights, dq);
}

/// dQ. Blocks: (tiles of queries, heads, batch). The last queries see most keys and start first.
template <typename Tile>
__global__ void query_gradients_kernel(BackwardArgs args) {
  const AttentionArgs& forward = args.given.forward;
  const BackwardMemory<Tile> memory(dynamic_shared<float>());
  const std::int64_t first = static_cast<std::int64_t>(gridDim.x - 1 - blockIdx.x) * Tile::kOwned;
  const std::int64_t head = blockIdx.y, batch = blockIdx.z, kv_head = head / (forward.heads / forward.kv_heads);
  const std::int64_t q = args.q_offset(batch, first, head);
  load_rows<Tile, Tile::kOwned>(forward.q + q, args.q_rows(first), query_factor(args.dim()), memory.owned[0]);
  load_rows<Tile, Tile::kOwned>(args.given.dy + args.y_offset(batch, first, head), args.y_rows(first), 1.0F,
                                memory.owned[1]);
  const QueryRows<Tile> rows(args, batch, first, head);
  typename Tile::Results dq = {};
  const std::int64_t keys = first + Tile::kOwned < forward.time ? first + Tile::kOwned : forward.time;
  for (std::int64_t key = 0; key < keys; key += Tile::kStreamed) {
    const std::int64_t kv = args.kv_offset(batch, key, kv_head);
    __syncthreads();  // all are done with the previous tile
    load_rows<Tile, Tile::kStreamed>(forward.k + kv, args.kv_rows(key), 1.0F, memory.streamed[0]);
    load_rows<Tile, Tile::kStreamed>(forward.v + kv, args.kv_rows(key), 1.0F, memory.streamed[1]);
    __syncthreads();
    add_query_gradients<Tile>(memory, rows, first + 1 - key, dq);
  }
  const float scale = 1.0F / sqrtf(static_cast<float>(args.dim()));
  store_rows<Tile>(
      dq, args.q_rows(first), [scale](int) { return scale; }, args.given.dq + q);
}

template <typename Tile>
void gradients_of(const BackwardArgs& args) {
  const AttentionArgs& forward = args.given.forward;
  const auto grid = [&](std::int64_t heads) {
    return Grid{dim3(blocks_for(forward.time, Tile::kOwned), static_cast<unsigned>(heads),
                     static_cast<unsigned>(forward.batch)),
                dim3(Tile::kThreads), BackwardMemory<Tile>::kBytes};
  };
  launch("attention_backward, keys", key_gradients_kernel<Tile>, grid(forward.kv_heads), args);
  launch("attention_backward, queries", query_gradients_kernel<Tile>, grid(forward.heads), args);
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

}  // namespace

// Two sums of results and two of scores for each row: half the rows that the forward pass can own. Those of more than
// 99 KiB (99.25, 109.25 and 100.6) have a smaller one behind them (82.6, 71.25 and 66.6 KiB).
void attention_backward(const AttentionBackwardArgs& given) {
  const AttentionArgs& forward = given.forward;
  const BackwardArgs args = {given, all_whole_vectors(given)};
  const Grid rows = {dim3(blocks_for(forward.batch * forward.heads * forward.time, kSumThreads / kWarp)),
                     dim3(kSumThreads)};
  launch("attention_backward, row sums", row_sums_kernel, rows, args);
  const auto body = [&]<typename Tile>(Tile) { gradients_of<Tile>(args); };
  if (attention_by_mma(forward.head_dim)) {
    with_attention_tile<BackwardMemory, AttentionMmaTile<32, 1, 64>, AttentionMmaTile<64, 1, 64>,
                        AttentionMmaTile<128, 1, 32>, AttentionMmaTile<128, 1, 16>>(forward.head_dim, body);
  } else {
    with_attention_tile<BackwardMemory, AttentionTile<32, 4, 64>, AttentionTile<64, 4, 64>, AttentionTile<128, 4, 32>,
                        AttentionTile<128, 2, 32>, AttentionTile<256, 2, 16>, AttentionTile<256, 1, 16>>(
        forward.head_dim, body);
  }
}

}  // namespace octet::cuda
