#pragma once

#include <cstdint>

// Two ladders of kernels for a GPU, written several times, each time faster. The last rung of each is the kernel that
// Octet uses. Every step is one file, and says at its top what it changes and why that is faster. What has no place in
// a lesson is left out: sizes are whole multiples of what a block does. docs/cuda.md leads through them.

namespace octet::cuda::ladder {

/// The vector ladder: y[n] = (sum over k of x[k] * w[n, k]) * x_scale * w_scale[n], with exact int32 sums, so that all
/// steps must give the same y, bit for bit. What bounds it is the bytes of w.
struct VectorArgs {
  std::int64_t n, k;     // multiples of 8 and of 2048
  const std::int8_t* x;  // (K) codes in [-127, 127]
  float x_scale;
  const std::int8_t* w;  // (N, K) codes in [-127, 127]
  const float* w_scale;  // (N)
  float* y;              // (N)
};

void vector_naive(const VectorArgs& args);
void vector_coalesced(const VectorArgs& args);
void vector_wide(const VectorArgs& args);
void vector_dp4a(const VectorArgs& args);
void vector_in_flight(const VectorArgs& args);

/// The attention ladder: y[i] = sum over j <= i of softmax(q[i] . k[j] / sqrt(D))_j v[j] for each head, D = 64. What
/// bounds it is arithmetic, once each number that was read is used often enough.
constexpr int kHeadDim = 64;
struct AttentionArgs {
  std::int64_t heads, time;  // T: a multiple of 64
  const float* q;            // (heads, T, D), k, v and y likewise
  const float* k;
  const float* v;
  float* y;
  float* scores;  // (heads, T, T): of the first step alone
};

void attention_naive(const AttentionArgs& args);
void attention_online(const AttentionArgs& args);
void attention_shared(const AttentionArgs& args);
void attention_registers(const AttentionArgs& args);

}  // namespace octet::cuda::ladder
