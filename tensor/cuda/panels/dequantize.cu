#include "tensor/cuda/language/pack.h"
#include "tensor/cuda/language/vectors.h"
#include "tensor/cuda/panels/dequantize.h"
#include "tensor/cuda/rows/nonlinearity.h"

// Memory is all that this takes: four bytes are read for a result and four written. So a thread has four neighbouring
// columns, and what the compiler can know is a template argument.

namespace octet::cuda {
namespace {

constexpr int kThreads = 256;

/// kWidth neighbours, of which all of one and of four are aligned.
template <int kWidth>
__device__ Pack<kWidth> load_or(const float* x, std::int64_t at, float otherwise) {
  if (x != nullptr) {
    return load<kWidth>(x + at);
  }
  Pack<kWidth> pack;
  for (float& value : pack.at) {
    value = otherwise;
  }
  return pack;
}

/// y of kWidth columns from n on.
template <Nonlinearity f, int kWidth>
__device__ void dequantize_columns(const IntLinearArgs& args, const std::int32_t* sums, std::int64_t n) {
  const std::int64_t m = blockIdx.x, index = m * args.w.n + n;
  const Pack<kWidth> scales = load<kWidth>(args.w.scales + n), bias = load_or<kWidth>(args.bias, n, 0.0F);
  Pack<kWidth> totals;
  for (int i = 0; i < kWidth; ++i) {
    totals.at[i] = static_cast<float>(sums[i]) * scales.at[i];
  }
  if (args.w.offsets != nullptr) {
    const auto x_sum = static_cast<float>(args.x.corrections[m] / -128);
    const Pack<kWidth> offsets = load<kWidth>(args.w.offsets + n);
    for (int i = 0; i < kWidth; ++i) {
      totals.at[i] = fmaf(x_sum, offsets.at[i], totals.at[i]);
    }
  }
  const Pack<kWidth> gate = load_or<kWidth>(f == Nonlinearity::swiglu ? args.gate + index : nullptr, 0, 0.0F);
  Pack<kWidth> y;
  for (int i = 0; i < kWidth; ++i) {
    y.at[i] = apply(f, &gate.at[i], fmaf(totals.at[i], args.x.scales[m], bias.at[i]));
  }
  if (args.residual != nullptr) {
    const Pack<kWidth> residual = load<kWidth>(args.residual + index);
    for (int i = 0; i < kWidth; ++i) {
      y.at[i] += residual.at[i];
    }
  }
  store(args.y + index, y);
}

/// Blocks: (rows, 4 * kThreads columns). `fours`: rows of y, and with them bias, gate and residual, can be read in
/// fours. Those of the sums and scales, which are padded, always can.
template <Nonlinearity f>
__global__ void dequantize_kernel(IntLinearArgs args, bool fours, const std::int32_t* sums, std::int64_t columns) {
  const std::int64_t n = 4 * (std::int64_t{blockIdx.y} * kThreads + threadIdx.x);
  if (n >= args.w.n) {
    return;
  }
  const int4 four = *reinterpret_cast<const int4*>(sums + std::int64_t{blockIdx.x} * columns + n);
  const std::int32_t of_columns[4] = {four.x, four.y, four.z, four.w};
  if (fours) {
    dequantize_columns<f, 4>(args, of_columns, n);
    return;
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (n + i < args.w.n) {
      dequantize_columns<f, 1>(args, of_columns + i, n + i);
    }
  }
}

auto kernel_of(Nonlinearity f) {
  switch (f) {
    case Nonlinearity::gelu:
      return dequantize_kernel<Nonlinearity::gelu>;
    case Nonlinearity::silu:
      return dequantize_kernel<Nonlinearity::silu>;
    case Nonlinearity::swiglu:
      return dequantize_kernel<Nonlinearity::swiglu>;
    case Nonlinearity::none:
      break;
  }
  return dequantize_kernel<Nonlinearity::none>;
}

}  // namespace

void dequantize(const IntLinearArgs& args, const std::int32_t* sums, std::int64_t columns) {
  const dim3 blocks(static_cast<unsigned>(args.x.rows), blocks_for(args.w.n, 4 * kThreads));
  launch("int8_linear", kernel_of(args.f), {blocks, kThreads}, args,
         in_fours(args.w.n, args.y, args.bias, args.gate, args.residual), sums, columns);
}

}  // namespace octet::cuda
