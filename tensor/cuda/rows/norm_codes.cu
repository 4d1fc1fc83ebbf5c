#include "tensor/cuda/rows/norm_row.h"
#include "tensor/cuda/rows/quantize_row.h"
#include "tensor/cuda/runtime/tables.h"

// A norm whose result int8 layers multiply: one kernel where norm and quantize_rows are two, each of which a token
// waits longer for to start than to end.

namespace octet::cuda {
namespace {

/// Threads read the row again as others wrote it: block_max has the barrier between.
template <bool kCentered, typename Shape, bool kFours>
__global__ void norm_codes_kernel(NormCodesArgs args) {
  wait_for_previous();
  int largest = 0;
  write_norm<Shape>(args.norm, norm_of_row<kCentered, Shape>(args.norm),
                    [&](float y) { largest = max(largest, magnitude_bits(y)); });
  quantize_row<Shape::kThreads, kFours>(args.codes, blockIdx.x, block_max<Shape::kThreads>(largest));
}

template <bool kCentered>
void norm_codes(const char* name, const NormCodesArgs& args, bool fours) {
  for_rows(args.norm.rows, args.norm.columns, fours, [&](auto shape, Grid grid) {
    using Shape = decltype(shape);
    if constexpr (Shape::kWidth == 4) {
      if (groups_in_fours(args.codes.layout)) {
        launch_early(name, norm_codes_kernel<kCentered, Shape, true>, grid, args);
        return;
      }
    }
    launch_early(name, norm_codes_kernel<kCentered, Shape, false>, grid, args);
  });
}

}  // namespace

void layer_norm_codes(const NormCodesArgs& args) {
  const NormArgs& norm = args.norm;
  norm_codes<true>("layer_norm_codes", args, in_fours(norm.columns, norm.x, norm.gain, norm.bias, norm.y));
}

void rms_norm_codes(const NormCodesArgs& args) {
  const NormArgs& norm = args.norm;
  norm_codes<false>("rms_norm_codes", args, in_fours(norm.columns, norm.x, norm.gain, norm.y));
}

}  // namespace octet::cuda
