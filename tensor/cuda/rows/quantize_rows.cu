#include "tensor/cuda/language/pack.h"
#include "tensor/cuda/rows/quantize_row.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

constexpr int kThreads = 256;  // one block for each row

template <bool kFours>
__global__ void quantize_rows_kernel(QuantizeRowsArgs args) {
  wait_for_previous();
  const float* x = args.x + blockIdx.x * args.layout.columns;
  quantize_row<kThreads, kFours>(args, blockIdx.x, largest_bits<kThreads, kFours>(x, args.layout.columns));
}

}  // namespace

void quantize_rows(const QuantizeRowsArgs& args) {
  const bool fours = in_fours(args.layout.columns, args.x) && groups_in_fours(args.layout);
  launch_early("quantize_rows", fours ? quantize_rows_kernel<true> : quantize_rows_kernel<false>,
               {static_cast<unsigned>(args.rows), kThreads}, args);
}

}  // namespace octet::cuda
