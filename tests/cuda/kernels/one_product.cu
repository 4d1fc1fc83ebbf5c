#include "tensor/cuda/language/mma.h"
#include "tests/cuda/kernels/one_product.h"

namespace octet::cuda {
namespace {

template <typename Word>
__global__ void multiply_once_kernel(const Word* a, const Word* b, Word* d, int lanes) {
  const int g = fragment_group(), t = fragment_member();
  const Word of_a[4] = {a[g * 8 + t], a[(g + 8) * 8 + t], a[g * 8 + t + 4], a[(g + 8) * 8 + t + 4]};
  const Word of_b[2] = {b[g * 8 + t], b[g * 8 + t + 4]};
  Word of_d[4] = {};
  if (lane_id() < lanes) {
    multiply_fragments(of_a, of_b, of_d);
  }
  d[g * 8 + 2 * t] = of_d[0];
  d[g * 8 + 2 * t + 1] = of_d[1];
  d[(g + 8) * 8 + 2 * t] = of_d[2];
  d[(g + 8) * 8 + 2 * t + 1] = of_d[3];
}

/// What a lane gets as its part of d, into columns from `column` on.
__device__ void write_fragment(const int (&of_d)[4], int column, int* d) {
  const int g = fragment_group(), at = column + 2 * fragment_member();
  d[g * 16 + at] = of_d[0];
  d[g * 16 + at + 1] = of_d[1];
  d[(g + 8) * 16 + at] = of_d[2];
  d[(g + 8) * 16 + at + 1] = of_d[3];
}

/// Rows of 8 words in the middle of longer ones.
struct SharedRows {
  static constexpr int kPitch = 20, kGap = 4;
  alignas(16) int a[16][kPitch];
  alignas(16) int b[16][kPitch];
};

__global__ void product_from_shared_kernel(const int* a, const int* b, int* d) {
  __shared__ SharedRows shared;
  for (int i = lane_id(); i < 16 * 8; i += kWarp) {
    shared.a[i / 8][SharedRows::kGap + i % 8] = a[i];
    shared.b[i / 8][SharedRows::kGap + i % 8] = b[i];
  }
  __syncthreads();
  int rows[4], columns[4];
  load_fragment(&shared.a[0][SharedRows::kGap], SharedRows::kPitch, rows);
  load_fragment(&shared.b[0][SharedRows::kGap], SharedRows::kPitch, columns);
  const int first[2] = {columns[0], columns[2]}, last[2] = {columns[1], columns[3]};
  int sums[4] = {7, 7, 7, 7};  // are replaced
  multiply_fragments_anew(rows, first, sums);
  write_fragment(sums, 0, d);
  multiply_fragments_anew(rows, last, sums);
  write_fragment(sums, 8, d);
}

__global__ void round_each_kernel(const float* x, float* y, int count) {
  if (lane_id() < count) {
    y[lane_id()] = to_tf32(x[lane_id()]);
  }
}

}  // namespace

void one_product(const float* a, const float* b, float* d, int lanes) {
  launch("one_product", multiply_once_kernel<float>, {1, kWarp}, a, b, d, lanes);
}

void one_product(const int* a, const int* b, int* d, int lanes) {
  launch("one_product", multiply_once_kernel<int>, {1, kWarp}, a, b, d, lanes);
}

void product_from_shared(const int* a, const int* b, int* d) {
  launch("product_from_shared", product_from_shared_kernel, {1, kWarp}, a, b, d);
}

void round_to_tf32(const float* x, float* y, int count) {
  launch("round_to_tf32", round_each_kernel, {1, kWarp}, x, y, count);
}

}  // namespace octet::cuda
