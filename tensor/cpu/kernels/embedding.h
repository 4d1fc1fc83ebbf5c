#pragma once

#include "tensor/cpu/kernels/elementwise.h"

namespace octet::cpu {
namespace {

void embedding(const EmbeddingArgs& args) {
  parallel_each(args.rows * args.columns >= kParallelElements, args.rows, [&](std::int64_t row) {
    __builtin_memcpy(args.y + row * args.columns, args.table + args.ids[row] * args.columns,
                     static_cast<std::size_t>(args.columns) * sizeof(float));
  });
}

// forward: y[row] = table[ids[row]]; so dtable[ids[row]] += dy[row]. Threads share out the columns, not the rows: two
// rows may have the same id, and the order of the sum must not depend on the number of threads.
void embedding_backward(const EmbeddingBackwardArgs& args) {
  constexpr std::int64_t kColumns = 32;
  const std::int64_t stripes = (args.columns + kColumns - 1) / kColumns;
  parallel_each(args.rows * args.columns >= kParallelElements, stripes, [&](std::int64_t stripe) {
    const std::int64_t begin = stripe * kColumns;
    const std::int64_t end = begin + kColumns < args.columns ? begin + kColumns : args.columns;
    for (std::int64_t row = 0; row < args.rows; ++row) {
      const float* dy = args.dy + row * args.columns;
      float* dtable = args.dtable + args.ids[row] * args.columns;
#pragma omp simd
      for (std::int64_t c = begin; c < end; ++c) {
        dtable[c] += dy[c];
      }
    }
  });
}

}  // namespace
}  // namespace octet::cpu
