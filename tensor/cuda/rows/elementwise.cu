#include "tensor/cuda/rows/columns.h"
#include "tensor/cuda/rows/map.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

/// A block goes down a stripe of kThreads packs of columns, whose part of the row stays in registers.
constexpr int kStripeThreads = 64;
template <int kWidth>
__global__ void add_row_kernel(AddRowArgs args) {
  const std::int64_t column = (std::int64_t{blockIdx.x} * kStripeThreads + threadIdx.x) * kWidth;
  if (column >= args.columns) {
    return;
  }
  const Pack<kWidth> addend = load<kWidth>(args.row + column);
  for (std::int64_t row = blockIdx.y; row < args.rows; row += gridDim.y) {
    Pack<kWidth> sum = load<kWidth>(args.x + row * args.columns + column);
    for (int i = 0; i < kWidth; ++i) {
      sum.at[i] += addend.at[i];
    }
    store(args.y + row * args.columns + column, sum);
  }
}

struct ElementTerm {
  SumRowsArgs args;

  __device__ Pack<1> operator()(std::int64_t row, std::int64_t column) const {
    return load<1>(args.x + row * args.columns + column);
  }
};

constexpr int kSumThreads = 256;
constexpr unsigned kSumBlocks = 1024;  // a fixed number at most, so that sums are the same on every chip

/// partial (blocks): sums of every element that belongs to a block.
__global__ void sum_squares_kernel(SumSquaresArgs args, bool fours, double* partial) {
  double sum = 0.0;
  const std::int64_t stride = std::int64_t{gridDim.x} * kSumThreads * 4;
  for (std::int64_t begin = (std::int64_t{blockIdx.x} * kSumThreads + threadIdx.x) * 4; begin < args.count;
       begin += stride) {
    const auto add = [&](float x) { sum += static_cast<double>(x) * static_cast<double>(x); };
    if (fours && begin + 4 <= args.count) {
      map_pack<4>(add, args.x + begin);
    } else {
      for (std::int64_t i = begin; i < begin + 4 && i < args.count; ++i) {
        add(args.x[i]);
      }
    }
  }
  sum = block_sum<kSumThreads>(sum);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
  }
}

/// total += the partial sums. One block.
__global__ void add_partial_kernel(std::int64_t count, const double* partial, double* total) {
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < count; i += kSumThreads) {
    sum += partial[i];
  }
  sum = block_sum<kSumThreads>(sum);
  if (threadIdx.x == 0) {
    *total += sum;
  }
}

}  // namespace

void add(const BinaryArgs& args) {
  map(
      "add", args.count, [] __device__(float a, float b, float& y) { y = a + b; }, args.a, args.b, args.y);
}

void mul(const BinaryArgs& args) {
  map(
      "mul", args.count, [] __device__(float a, float b, float& y) { y = a * b; }, args.a, args.b, args.y);
}

void axpby(const AxpbyArgs& args) {
  const float a = args.a, b = args.b;
  if (b == 0.0F) {  // y may be uninitialised memory
    map(
        "axpby", args.count, [a] __device__(float x, float& y) { y = a * x; }, args.x, args.y);
    return;
  }
  const float* old_y = args.y;
  map(
      "axpby", args.count, [a, b] __device__(float x, float old, float& y) { y = a * x + b * old; }, args.x, old_y,
      args.y);
}

void add_row(const AddRowArgs& args) {
  if (args.rows == 0 || args.columns == 0) {
    return;
  }
  constexpr std::int64_t kMaxBlocks = 4096;  // of a stripe: enough to fill a chip; a block then takes several rows
  const bool fours = in_fours(args.columns, args.x, args.row, args.y);
  const unsigned stripes = blocks_for(args.columns, kStripeThreads * (fours ? 4 : 1));
  const Grid grid{dim3(stripes, static_cast<unsigned>(args.rows < kMaxBlocks ? args.rows : kMaxBlocks)),
                  dim3(kStripeThreads)};
  launch("add_row", fours ? add_row_kernel<4> : add_row_kernel<1>, grid, args);
}

void sum_rows(const SumRowsArgs& args) {
  const std::int64_t chunks = row_chunks(args.rows);
  float* partial = workspace_of<float>(chunks * args.columns);
  sum_chunks<1>("sum_rows", args.rows, args.columns, ElementTerm{args}, partial);
  add_chunks("sum_rows", partial, chunks, args.columns, args.columns, args.y);
}

void add_squares(const AddSquaresArgs& args) {
  if (args.count == 0) {
    return;
  }
  const unsigned needed = blocks_for(args.count, 4 * kSumThreads);
  const unsigned blocks = needed < kSumBlocks ? needed : kSumBlocks;
  auto* partial = workspace_of<double>(kSumBlocks);
  launch("add_squares", sum_squares_kernel, {dim3(blocks), dim3(kSumThreads)}, SumSquaresArgs{args.count, args.x},
         in_fours(0, args.x), partial);
  launch("add_squares", add_partial_kernel, {dim3(1), dim3(kSumThreads)}, std::int64_t{blocks}, partial, args.sum);
}

double sum_squares(const SumSquaresArgs& args) {
  if (args.count == 0) {
    return 0.0;
  }
  auto* total = static_cast<double*>(allocate(sizeof(double)));
  set_zero(total, sizeof *total);
  add_squares({args.count, args.x, total});
  double result = 0.0;
  copy_to_host(&result, total, sizeof(result));
  release(total, sizeof *total);
  return result;
}

}  // namespace octet::cuda
