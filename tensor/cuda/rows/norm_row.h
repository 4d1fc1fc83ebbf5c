#pragma once

#include "tensor/cuda/rows/rows.h"
#include "tensor/kernels/float_kernels.h"

// The norm of one row, for the kernel that leaves floats and the one that leaves codes as well: both get the same bits.

namespace octet::cuda {
namespace {

/// A layer norm, or with a mean of 0 and no bias an RMSNorm.
template <bool kCentered>
struct RowNorm {
  float mean, inverse;

  __device__ float operator()(float x, float gain) const { return (x - mean) * inverse * gain; }
  __device__ float operator()(float x, float gain, float bias) const { return fmaf((x - mean) * inverse, gain, bias); }
};

/// That of row blockIdx.x. Leaves its numbers for backward.
template <bool kCentered, typename Shape>
__device__ RowNorm<kCentered> norm_of_row(const NormArgs& args) {
  const std::int64_t row = blockIdx.x, columns = args.columns;
  const float* x = args.x + row * columns;
  const auto count = static_cast<float>(columns);
  float mean = 0.0F;
  if constexpr (kCentered) {
    mean = row_sum<Shape>(
               columns, [](float value) { return value; }, x) /
           count;
  }
  const float squares = row_sum<Shape>(
      columns, [=](float value) { return (value - mean) * (value - mean); }, x);
  const float inverse = 1.0F / sqrtf(squares / count + args.epsilon);
  if (threadIdx.x == 0) {
    if constexpr (kCentered) {
      args.mean[row] = mean;
    }
    args.inverse_std[row] = inverse;
  }
  return {mean, inverse};
}

/// y = norm(x) in row blockIdx.x, and see(y) of each element.
template <typename Shape, bool kCentered, typename See>
__device__ void write_norm(const NormArgs& args, const RowNorm<kCentered>& norm, const See& see) {
  const std::int64_t columns = args.columns, begin = blockIdx.x * columns;
  if constexpr (kCentered) {
    const auto write = [&](float x, float gain, float bias, float& y) { see(y = norm(x, gain, bias)); };
    map_row<Shape>(columns, write, args.x + begin, args.gain, args.bias, args.y + begin);
  } else {
    const auto write = [&](float x, float gain, float& y) { see(y = norm(x, gain)); };
    map_row<Shape>(columns, write, args.x + begin, args.gain, args.y + begin);
  }
}

}  // namespace
}  // namespace octet::cuda
