#include "tensor/cpu/kernels/math.h"
#include "tensor/cpu/kernels/parallel.h"
#include "tensor/cpu/tables.h"

namespace octet::cpu {
namespace {

NormArgs row_of(NormArgs args, std::int64_t row) {
  args.rows = 1;
  args.x += row * args.columns;
  args.y += row * args.columns;
  args.mean = args.mean == nullptr ? nullptr : args.mean + row;
  args.inverse_std += row;
  return args;
}

QuantizeRowsArgs row_of(QuantizeRowsArgs args, std::int64_t row) {
  args.rows = 1;
  args.x += row * args.layout.columns;
  args.codes += row * args.layout.stride;
  args.scales += row;
  args.corrections += row * args.layout.groups;
  return args;
}

}  // namespace

void norm_codes(const NormCodesArgs& args, void (*norm)(const NormArgs&), void (*quantize)(const QuantizeRowsArgs&)) {
  const std::int64_t rows = args.norm.rows;
  parallel_each(rows * args.norm.columns >= kParallelElements, rows, [&](std::int64_t row) {
    norm(row_of(args.norm, row));
    quantize(row_of(args.codes, row));
  });
}

}  // namespace octet::cpu
