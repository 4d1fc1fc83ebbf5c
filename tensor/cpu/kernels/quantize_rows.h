#pragma once

#include "tensor/cpu/kernels/math.h"
#include "tensor/cpu/kernels/parallel.h"
#include "tensor/kernels/int_kernels.h"

// Activations to codes, for instruction sets that bring `largest_bits` and `quantize_group` (see their quantize.h).

namespace octet::cpu {
namespace {

std::int32_t quantize_group(const float* x, std::int64_t columns, std::int64_t padded, float inverse,
                            std::int8_t* codes);
int largest_bits(const float* x, std::int64_t columns);

void quantize_row(const QuantizeRowsArgs& args, std::int64_t row) {
  const CodeLayout& layout = args.layout;
  const float* x = args.x + row * layout.columns;
  std::int8_t* codes = args.codes + row * layout.stride;
  std::int32_t* corrections = args.corrections + row * layout.groups;

  const int bits = largest_bits(x, layout.columns);
  const bool finite = bits < 0x7F800000;
  const float largest = __builtin_bit_cast(float, bits);
  const bool is_static = args.static_scale > 0.0F;
  const bool is_zero = largest < kSmallestRow;
  args.scales[row] = !finite ? __builtin_nanf("") : is_static ? args.static_scale : is_zero ? 0.0F : largest / 127.0F;
  if (!finite || is_zero) {
    __builtin_memset(codes, 0, static_cast<std::size_t>(layout.stride));
    __builtin_memset(corrections, 0, static_cast<std::size_t>(layout.groups) * sizeof *corrections);
    return;
  }
  const float inverse = is_static ? 1.0F / args.static_scale : 127.0F / largest;
  for (std::int64_t group = 0; group < layout.groups; ++group) {
    const std::int64_t first = group * layout.group;
    const std::int64_t columns = first + layout.group < layout.columns ? layout.group : layout.columns - first;
    const std::int64_t begin = layout.begin(group);
    corrections[group] = -128 * quantize_group(x + first, columns, layout.end(group) - begin, inverse, codes + begin);
  }
}

void quantize_rows(const QuantizeRowsArgs& args) {
  parallel_each(args.rows * args.layout.columns > kParallelElements, args.rows,
                [&](std::int64_t row) { quantize_row(args, row); });
}

}  // namespace
}  // namespace octet::cpu
