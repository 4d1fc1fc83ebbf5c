#pragma once

#include <cstdint>

// FP32 kernels: plain functions over raw pointers to contiguous row-major data. Callers (tensor/ops/) check shapes and
// allocate; kernels never allocate, throw or know about tensors. Where a comment says (+=) a result is accumulated,
// else assigned.

namespace octet {

/// C (M, N) = alpha * op(A) (M, K) * op(B) (K, N) + beta * C, `batch` times with the given strides between matrices.
/// lda, ldb, ldc: elements between rows as stored. `bias` (N) is added to each row of every C where it is given, and so
/// is `residual` (M, N), which lies as C does; it takes batch 1 and beta 0.
struct GemmArgs {
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  std::int64_t lda = 0;
  const float* b = nullptr;
  std::int64_t ldb = 0;
  float* c = nullptr;
  std::int64_t ldc = 0;
  float alpha = 1.0F, beta = 0.0F;
  const float* bias = nullptr;
  const float* residual = nullptr;
  std::int64_t batch = 1, stride_a = 0, stride_b = 0, stride_c = 0;
};

/// The gradients of Y = X W^T + b, with X (rows, k), W (n, k) and dY (rows, n):
///     dX = dY W        where dx is given
///     dW = dY^T X      where dw is given
///     db = the sum of the rows of dY, where db is given
struct LinearBackwardArgs {
  std::int64_t rows, n, k;
  const float* x;
  const float* weight;
  const float* dy;
  float* dx = nullptr;
  float* dw = nullptr;
  float* db = nullptr;
};

struct UnaryArgs {
  std::int64_t count;
  const float* x;
  float* y;
};

/// dx = dy * f'(x)
struct UnaryBackwardArgs {
  std::int64_t count;
  const float* x;
  const float* dy;
  float* dx;
};

struct BinaryArgs {
  std::int64_t count;
  const float* a;
  const float* b;
  float* y;
};

/// y (rows, columns) = x (rows, columns) + row (columns)
struct AddRowArgs {
  std::int64_t rows, columns;
  const float* x;
  const float* row;
  float* y;
};

/// y (columns) = sum over rows of x (rows, columns)
struct SumRowsArgs {
  std::int64_t rows, columns;
  const float* x;
  float* y;
};

struct SwigluBackwardArgs {
  std::int64_t count;
  const float* gate;
  const float* up;
  const float* dy;
  float* dgate;
  float* dup;
};

/// x, y (rows, columns); gain, bias (columns); bias null for RMSNorm. mean (null for RMSNorm) and inverse_std (rows)
/// are kept for backward.
struct NormArgs {
  std::int64_t rows, columns;
  float epsilon;
  const float* x;
  const float* gain;
  const float* bias = nullptr;
  float* y;
  float* mean = nullptr;
  float* inverse_std;
};

/// dgain, dbias (columns) are assigned. `partial` is scratch of (row_chunks(rows), 2, columns).
struct NormBackwardArgs {
  std::int64_t rows, columns;
  const float* x;
  const float* gain;
  const float* mean = nullptr;
  const float* inverse_std;
  const float* dy;
  float* dx;
  float* dgain;
  float* dbias = nullptr;
  float* partial;
};

/// Rows are summed in this many chunks whatever the number of threads, so that sums do not depend on it.
constexpr std::int64_t kRowsPerChunk = 256;
constexpr std::int64_t row_chunks(std::int64_t rows) {
  return (rows + kRowsPerChunk - 1) / kRowsPerChunk;
}

/// Rotates heads of `head_dim` columns in x (batch * time, width): the first `rotated` columns are heads to rotate, the
/// rest is copied. cosine, sine (time, head_dim / 2); `direction` -1 rotates back (the gradient).
/// With first_on_device (see Past in kv_kernels.h) the angles begin so many rows later.
struct RopeArgs {
  std::int64_t batch, time, width, rotated, head_dim;
  float direction;
  const float* cosine;
  const float* sine;
  const float* x;
  float* y;
  const std::int32_t* first_on_device = nullptr;
};

/// Queries (batch, time, heads, head_dim) against keys and values (batch, past + time, kv_heads, head_dim). Strides are
/// elements between neighbours in time (row) and batch. Query t sees keys 0 .. past + t.
struct AttentionArgs {
  std::int64_t batch, time, past, heads, kv_heads, head_dim;
  const float* q;
  std::int64_t q_row, q_batch;
  const float* k;
  const float* v;
  std::int64_t kv_row, kv_batch;
  float* y;            // (batch, time, heads, head_dim)
  float* log_sum;      // (batch, heads, time): log of the softmax sum, kept for backward; may be null
  float* scratch;      // as many floats as attention_scratch says
  float gamma = 0.0F;  // below 0: weights are clipped (clipped_weight in formulas.h)

  constexpr bool clips() const { return gamma < 0.0F; }
};

/// dq, dk, dv have the strides of q, k, v and are assigned. past is 0.
struct AttentionBackwardArgs {
  AttentionArgs forward;  // y and log_sum as computed
  const float* dy;
  float* dq;
  float* dk;
  float* dv;
};

struct EmbeddingArgs {
  std::int64_t rows, columns, vocabulary;
  const std::int32_t* ids;
  const float* table;
  float* y;
};

/// dtable (vocabulary, columns) (+=)
struct EmbeddingBackwardArgs {
  std::int64_t rows, columns, vocabulary;
  const std::int32_t* ids;
  const float* dy;
  float* dtable;
};

/// nll (rows), log_sum (rows; may be null)
struct CrossEntropyArgs {
  std::int64_t rows, vocabulary;
  const float* logits;
  const std::int32_t* targets;
  float* nll;
  float* log_sum;
};

/// dlogits = (softmax(logits) - onehot) * scale
struct CrossEntropyBackwardArgs {
  std::int64_t rows, vocabulary;
  const float* logits;
  const std::int32_t* targets;
  const float* log_sum;
  float scale;
  float* dlogits;
};

/// softmax of each row; x and y may be the same
struct SoftmaxArgs {
  std::int64_t rows, columns;
  const float* x;
  float* y;
};

/// dx = y * (dy - sum(dy * y))
struct SoftmaxBackwardArgs {
  std::int64_t rows, columns;
  const float* y;
  const float* dy;
  float* dx;
};

/// One AdamW step (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2); moments are updated in
/// place. `grad_scale` multiplies the gradient (clipping); corrections are 1 - beta^t.
struct AdamWArgs {
  std::int64_t count;
  float* weight;
  const float* grad;
  float* first_moment;
  float* second_moment;
  float learning_rate, beta1, beta2, epsilon, weight_decay, grad_scale;
  float first_correction, second_correction;
};

/// y = a * x + b * y
struct AxpbyArgs {
  std::int64_t count;
  float a, b;
  const float* x;
  float* y;
};

/// Sum of squares, in double and in chunks of fixed size: the same for any number of threads.
struct SumSquaresArgs {
  std::int64_t count;
  const float* x;
};

/// The same added to `*sum`, which lies in the memory of the kernels: the squares of many tensors cost one copy to the
/// host.
struct AddSquaresArgs {
  std::int64_t count;
  const float* x;
  double* sum;
};

/// x (side, side) += value * identity
struct AddDiagonalArgs {
  std::int64_t side;
  float value;
  float* x;
};

/// y = 0 where uniform(i) < probability, else x / (1 - probability), with the random numbers of base/random.h for
/// (seed, stream, i).
struct DropoutArgs {
  std::int64_t count;
  float probability;
  std::uint64_t seed, stream;
  const float* x;
  float* y;
};

struct FloatKernels {
  void (*gemm)(const GemmArgs&);
  void (*symmetric_gemm)(const GemmArgs&);  // C is known to be symmetric: half of it may be computed, and mirrored
  void (*linear_backward)(const LinearBackwardArgs&);
  void (*add)(const BinaryArgs&);
  void (*mul)(const BinaryArgs&);
  void (*axpby)(const AxpbyArgs&);
  void (*add_row)(const AddRowArgs&);
  void (*sum_rows)(const SumRowsArgs&);
  double (*sum_squares)(const SumSquaresArgs&);
  void (*add_squares)(const AddSquaresArgs&);
  void (*add_diagonal)(const AddDiagonalArgs&);
  void (*dropout)(const DropoutArgs&);
  void (*gelu)(const UnaryArgs&);
  void (*gelu_backward)(const UnaryBackwardArgs&);
  void (*silu)(const UnaryArgs&);
  void (*silu_backward)(const UnaryBackwardArgs&);
  void (*swiglu)(const BinaryArgs&);  // a gate, b up
  void (*swiglu_backward)(const SwigluBackwardArgs&);
  void (*layer_norm)(const NormArgs&);
  void (*layer_norm_backward)(const NormBackwardArgs&);
  void (*rms_norm)(const NormArgs&);
  void (*rms_norm_backward)(const NormBackwardArgs&);
  void (*rope)(const RopeArgs&);
  std::int64_t (*attention_scratch)(const AttentionArgs&);  // floats that attention and its gradient need
  void (*attention)(const AttentionArgs&);
  void (*attention_backward)(const AttentionBackwardArgs&);
  void (*embedding)(const EmbeddingArgs&);
  void (*embedding_backward)(const EmbeddingBackwardArgs&);
  void (*cross_entropy)(const CrossEntropyArgs&);
  void (*cross_entropy_backward)(const CrossEntropyBackwardArgs&);
  void (*softmax)(const SoftmaxArgs&);
  void (*softmax_backward)(const SoftmaxBackwardArgs&);
  void (*adamw)(const AdamWArgs&);
};

}  // namespace octet
