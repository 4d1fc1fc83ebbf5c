#pragma once

#include <omp.h>

#include "tensor/cpu/kernels/clipped_softmax.h"
#include "tensor/cpu/kernels/softmax.h"
#include "tensor/cpu/tables.h"

// Blocked causal attention. A block of queries meets all keys it may see in one product, so the scores of one block
// live in the cache and the full T x T matrix never exists. A row of scores is whole, so its softmax needs one look for
// the maximum and one for the sum: no online softmax, as tensor/cuda/attention/ has it, where keys come in tiles. The
// products go through `gemm`; rows of heads lie apart by a stride.

namespace octet::cpu {
namespace {

constexpr std::int64_t kAttentionRows = 64;  // queries per block: scores of 64 x 256 floats stay in the L2 cache

/// Floats of scratch of one thread: two blocks of scores.
std::int64_t thread_scratch(std::int64_t keys) {
  return kAttentionRows * (2 * keys + 2);
}
std::int64_t attention_scratch(const AttentionArgs& args) {
  return omp_get_max_threads() * thread_scratch(args.past + args.time);
}

struct AttentionBlock {
  std::int64_t batch, head, kv_head, first, rows, keys;  // queries [first, first + rows) see at most `keys` keys

  std::int64_t visible(const AttentionArgs& args, std::int64_t row) const { return args.past + first + row + 1; }
};

AttentionBlock attention_block(const AttentionArgs& args, std::int64_t batch, std::int64_t head, std::int64_t first) {
  const std::int64_t rows = first + kAttentionRows < args.time ? kAttentionRows : args.time - first;
  return {batch, head, head / (args.heads / args.kv_heads), first, rows, args.past + first + rows};
}

const float* queries(const AttentionArgs& args, const AttentionBlock& block) {
  return args.q + block.batch * args.q_batch + block.first * args.q_row + block.head * args.head_dim;
}

std::int64_t kv_offset(const AttentionArgs& args, const AttentionBlock& block) {
  return block.batch * args.kv_batch + block.kv_head * args.head_dim;
}

/// Offset of the block in y and dy: (batch, time, heads, head_dim).
std::int64_t output_offset(const AttentionArgs& args, const AttentionBlock& block) {
  return ((block.batch * args.time + block.first) * args.heads + block.head) * args.head_dim;
}

float* log_sums(const AttentionArgs& args, const AttentionBlock& block) {
  return args.log_sum + (block.batch * args.heads + block.head) * args.time + block.first;
}

/// scores (rows, keys) = q k^T / sqrt(D)
void attention_scores(const AttentionArgs& args, const AttentionBlock& block, GemmFunction gemm, float* scores) {
  gemm({.transpose_b = true,
        .m = block.rows,
        .n = block.keys,
        .k = args.head_dim,
        .a = queries(args, block),
        .lda = args.q_row,
        .b = args.k + kv_offset(args, block),
        .ldb = args.kv_row,
        .c = scores,
        .ldc = block.keys,
        .alpha = 1.0F / square_root(static_cast<float>(args.head_dim))});
}

void zero_row(float* row, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    row[i] = 0.0F;
  }
}

// y = exp(scores) v, divided by the sums afterwards: D divisions a row instead of one for every key. Where weights are
// clipped, they must be divided before.
void attention_forward_block(const AttentionArgs& args, const AttentionBlock& block, GemmFunction gemm, float* scores) {
  float inverse_sum[kAttentionRows];
  attention_scores(args, block, gemm, scores);
  for (std::int64_t row = 0; row < block.rows; ++row) {
    float* weights = scores + row * block.keys;
    const std::int64_t visible = block.visible(args, row);
    const SoftmaxSum total = exponentials(weights, visible, weights);
    zero_row(weights, visible, block.keys);
    inverse_sum[row] = 1.0F / total.sum;
    if (args.clips()) {
      clip_row(weights, visible, inverse_sum[row], args.gamma, weights);
      inverse_sum[row] = 1.0F;
    }
    if (args.log_sum != nullptr) {
      log_sums(args, block)[row] = total.max + logarithm(total.sum);
    }
  }
  float* y = args.y + output_offset(args, block);
  const std::int64_t y_row = args.heads * args.head_dim;
  gemm({.m = block.rows,
        .n = args.head_dim,
        .k = block.keys,
        .a = scores,
        .lda = block.keys,
        .b = args.v + kv_offset(args, block),
        .ldb = args.kv_row,
        .c = y,
        .ldc = y_row});
  for (std::int64_t row = 0; row < block.rows; ++row) {
    scale_row(y + row * y_row, args.head_dim, inverse_sum[row]);
  }
}

void attention_with(const AttentionArgs& args, GemmFunction gemm) {
  const std::int64_t keys = args.past + args.time;
#pragma omp parallel for if (args.batch * args.heads * args.time * keys * args.head_dim >= 8 * kParallelElements) \
    schedule(static)
  for (std::int64_t task = 0; task < args.batch * args.heads; ++task) {
    float* scratch = args.scratch + omp_get_thread_num() * thread_scratch(keys);
    for (std::int64_t first = 0; first < args.time; first += kAttentionRows) {
      const AttentionBlock block = attention_block(args, task / args.heads, task % args.heads, first);
      attention_forward_block(args, block, gemm, scratch);
    }
  }
}

/// P (rows, keys), the softmax weights. forward: P = exp(S) / sum(exp(S)); so P = exp(S - log_sum) with what was kept.
void attention_weights(const AttentionArgs& args, const AttentionBlock& block, GemmFunction gemm, float* weights) {
  attention_scores(args, block, gemm, weights);
  for (std::int64_t row = 0; row < block.rows; ++row) {
    float* p = weights + row * block.keys;
    const std::int64_t visible = block.visible(args, row);
    const float log_sum = log_sums(args, block)[row];
#pragma omp simd
    for (std::int64_t key = 0; key < visible; ++key) {
      p[key] = exponential(p[key] - log_sum);
    }
    zero_row(p, visible, block.keys);
  }
}

/// forward: P = softmax(S); so dS = P * (dP - sum(dP * P)), in place of dP. The sum is sum(dy * y): see
/// tensor/ops/attention.h. Where weights are clipped, they are dW and not dP that lie there.
void attention_score_gradient(const AttentionArgs& args, const AttentionBlock& block, const float* dy,
                              const float* weights, float* dscores) {
  if (args.clips()) {
    for (std::int64_t row = 0; row < block.rows; ++row) {
      clipped_row_gradient(weights + row * block.keys, block.keys, args.gamma, dscores + row * block.keys);
    }
    return;
  }
  const float* y = args.y + output_offset(args, block);
  const std::int64_t y_row = args.heads * args.head_dim;
  for (std::int64_t row = 0; row < block.rows; ++row) {
    float dot = 0.0F;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t d = 0; d < args.head_dim; ++d) {
      dot += dy[row * y_row + d] * y[row * y_row + d];
    }
    const float* p = weights + row * block.keys;
    float* ds = dscores + row * block.keys;
#pragma omp simd
    for (std::int64_t key = 0; key < block.keys; ++key) {
      ds[key] = p[key] * (ds[key] - dot);
    }
  }
}

// forward: y = P V; so dV += P^T dy and dP = dy V^T.
// forward: S = Q K^T / sqrt(D); so dQ = dS K / sqrt(D) and dK += dS^T Q / sqrt(D).
// `beta` 0 assigns dK and dV, 1 accumulates.
void attention_backward_block(const AttentionBackwardArgs& args, const AttentionBlock& block, GemmFunction gemm,
                              float beta, float* scratch) {
  const AttentionArgs& forward = args.forward;
  const std::int64_t y_row = forward.heads * forward.head_dim, kv = kv_offset(forward, block);
  const float scale = 1.0F / square_root(static_cast<float>(forward.head_dim));
  const float* dy = args.dy + output_offset(forward, block);
  float* weights = scratch;
  float* dscores = scratch + kAttentionRows * block.keys;
  GemmArgs to_keys = {.transpose_a = true,
                      .m = block.keys,
                      .n = forward.head_dim,
                      .k = block.rows,
                      .lda = block.keys,
                      .ldc = forward.kv_row,
                      .beta = beta};

  attention_weights(forward, block, gemm, weights);
  to_keys.a = weights;  // dV += P^T dy
  if (forward.clips()) {
    clip_row(weights, block.rows * block.keys, 1.0F, forward.gamma, dscores);
    to_keys.a = dscores;  // dV += W^T dy, before dscores becomes what it is called
  }
  to_keys.b = dy;
  to_keys.ldb = y_row;
  to_keys.c = args.dv + kv;
  gemm(to_keys);
  gemm({.transpose_b = true,
        .m = block.rows,
        .n = block.keys,
        .k = forward.head_dim,
        .a = dy,
        .lda = y_row,
        .b = forward.v + kv,
        .ldb = forward.kv_row,
        .c = dscores,
        .ldc = block.keys});
  attention_score_gradient(forward, block, dy, weights, dscores);
  gemm({.m = block.rows,
        .n = forward.head_dim,
        .k = block.keys,
        .a = dscores,
        .lda = block.keys,
        .b = forward.k + kv,
        .ldb = forward.kv_row,
        .c = args.dq + (queries(forward, block) - forward.q),
        .ldc = forward.q_row,
        .alpha = scale});
  to_keys.a = dscores;  // dK += dS^T Q / sqrt(D)
  to_keys.b = queries(forward, block);
  to_keys.ldb = forward.q_row;
  to_keys.c = args.dk + kv;
  to_keys.alpha = scale;
  gemm(to_keys);
}

// A task owns one head of keys and values, so nothing is shared. It starts with the last block of queries: that one
// sees all keys and assigns the gradients that the others then add to.
void attention_backward_with(const AttentionBackwardArgs& args, GemmFunction gemm) {
  const AttentionArgs& forward = args.forward;
  const std::int64_t group = forward.heads / forward.kv_heads;
  const std::int64_t last = (forward.time - 1) / kAttentionRows * kAttentionRows;
#pragma omp parallel for schedule(static)
  for (std::int64_t task = 0; task < forward.batch * forward.kv_heads; ++task) {
    float* scratch = forward.scratch + omp_get_thread_num() * thread_scratch(forward.time);
    float beta = 0.0F;
    for (std::int64_t member = 0; member < group; ++member) {
      const std::int64_t head = task % forward.kv_heads * group + member;
      for (std::int64_t first = last; first >= 0; first -= kAttentionRows) {
        const AttentionBlock block = attention_block(forward, task / forward.kv_heads, head, first);
        attention_backward_block(args, block, gemm, beta, scratch);
        beta = 1.0F;
      }
    }
  }
}

}  // namespace
}  // namespace octet::cpu
