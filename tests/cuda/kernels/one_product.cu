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

void round_to_tf32(const float* x, float* y, int count) {
  launch("round_to_tf32", round_each_kernel, {1, kWarp}, x, y, count);
}

}  // namespace octet::cuda
