#include "tensor/cuda/rows/rows.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

template <typename Shape>
__global__ void softmax_kernel(SoftmaxArgs args) {
  const float* x = args.x + blockIdx.x * args.columns;
  const float max = row_max<Shape>(args.columns, x);
  const float factor = 1.0F / row_sum<Shape>(
                                  args.columns, [=](float value) { return expf(value - max); }, x);
  map_row<Shape>(
      args.columns, [=](float value, float& y) { y = expf(value - max) * factor; }, x,
      args.y + blockIdx.x * args.columns);
}

template <typename Shape>
__global__ void softmax_backward_kernel(SoftmaxBackwardArgs args) {
  const float* y = args.y + blockIdx.x * args.columns;
  const float* dy = args.dy + blockIdx.x * args.columns;
  const float dot = row_sum<Shape>(
      args.columns, [](float value, float d) { return d * value; }, y, dy);
  map_row<Shape>(
      args.columns, [=](float value, float d, float& dx) { dx = value * (d - dot); }, y, dy,
      args.dx + blockIdx.x * args.columns);
}

}  // namespace

void softmax(const SoftmaxArgs& args) {
  for_rows(args.rows, args.columns, in_fours(args.columns, args.x, args.y),
           [&](auto shape, Grid grid) { launch("softmax", softmax_kernel<decltype(shape)>, grid, args); });
}

void softmax_backward(const SoftmaxBackwardArgs& args) {
  for_rows(args.rows, args.columns, in_fours(args.columns, args.y, args.dy, args.dx), [&](auto shape, Grid grid) {
    launch("softmax_backward", softmax_backward_kernel<decltype(shape)>, grid, args);
  });
}

}  // namespace octet::cuda
