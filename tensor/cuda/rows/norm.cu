#include "tensor/cuda/rows/columns.h"
#include "tensor/cuda/rows/norm_row.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

template <bool kCentered, typename Shape>
__global__ void norm_kernel(NormArgs args) {
  wait_for_previous();
  write_norm<Shape>(args, norm_of_row<kCentered, Shape>(args), [](float) {});
}

// forward: y = n * gain + bias; so g = dy * gain is the gradient of n, and dgain and dbias are sums of dy * n and dy.
// forward: n = (x - mean) * inverse_std; so dx = inverse_std * (g - mean(g) - n * mean(g * n)). The two means are there
// because mean and inverse_std depend on x too. RMSNorm has mean = 0, and no term mean(g).
template <bool kCentered, typename Shape>
__global__ void norm_backward_kernel(NormBackwardArgs args) {
  const std::int64_t row = blockIdx.x, columns = args.columns;
  const float* x = args.x + row * columns;
  const float* dy = args.dy + row * columns;
  const auto count = static_cast<float>(columns);
  const float mean = kCentered ? args.mean[row] : 0.0F;
  const float inverse = args.inverse_std[row];
  float mean_g = 0.0F;
  if constexpr (kCentered) {
    mean_g = row_sum<Shape>(
                 columns, [](float d, float gain) { return d * gain; }, dy, args.gain) /
             count;
  }
  const float sum_gn = row_sum<Shape>(
      columns, [=](float value, float d, float gain) { return d * gain * ((value - mean) * inverse); }, x, dy,
      args.gain);
  const float mean_gn = sum_gn / count;
  map_row<Shape>(
      columns,
      [=](float value, float d, float gain, float& dx) {
        const float n = (value - mean) * inverse;
        dx = inverse * (d * gain - mean_g - n * mean_gn);
      },
      x, dy, args.gain, args.dx + row * columns);
}

/// What a row adds to dgain and dbias.
template <bool kCentered>
struct NormTerm {
  static constexpr int kSums = kCentered ? 2 : 1;
  NormBackwardArgs args;

  __device__ Pack<kSums> operator()(std::int64_t row, std::int64_t c) const {
    const float mean = kCentered ? args.mean[row] : 0.0F;
    const float dy = args.dy[row * args.columns + c];
    const float n = (args.x[row * args.columns + c] - mean) * args.inverse_std[row];
    if constexpr (kCentered) {
      return {dy * n, dy};
    } else {
      return {dy * n};
    }
  }
};

template <bool kCentered>
void norm_backward(const NormBackwardArgs& args) {
  const std::int64_t columns = args.columns;
  for_rows(args.rows, columns, in_fours(columns, args.x, args.dy, args.gain, args.dx), [&](auto shape, Grid grid) {
    launch("norm_backward", norm_backward_kernel<kCentered, decltype(shape)>, grid, args);
  });
  constexpr int kSums = NormTerm<kCentered>::kSums;
  const std::int64_t chunks = row_chunks(args.rows), stride = kSums * columns;
  sum_chunks<kSums>("norm_backward", args.rows, columns, NormTerm<kCentered>{args}, args.partial);
  add_chunks("norm_backward", args.partial, chunks, stride, columns, args.dgain);
  if constexpr (kCentered) {
    add_chunks("norm_backward", args.partial + columns, chunks, stride, columns, args.dbias);
  }
}

}  // namespace

void layer_norm(const NormArgs& args) {
  for_rows(args.rows, args.columns, in_fours(args.columns, args.x, args.gain, args.bias, args.y),
           [&](auto shape, Grid grid) { launch_early("layer_norm", norm_kernel<true, decltype(shape)>, grid, args); });
}

void rms_norm(const NormArgs& args) {
  for_rows(args.rows, args.columns, in_fours(args.columns, args.x, args.gain, args.y),
           [&](auto shape, Grid grid) { launch_early("rms_norm", norm_kernel<false, decltype(shape)>, grid, args); });
}

void layer_norm_backward(const NormBackwardArgs& args) {
  norm_backward<true>(args);
}

void rms_norm_backward(const NormBackwardArgs& args) {
  norm_backward<false>(args);
}

}  // namespace octet::cuda
