#pragma once

#include "tensor/cpu/kernels/math.h"
#include "tensor/cpu/kernels/parallel.h"

namespace octet::cpu {
namespace {

void add(const BinaryArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.y[i] = args.a[i] + args.b[i];
    }
  });
}

void mul(const BinaryArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.y[i] = args.a[i] * args.b[i];
    }
  });
}

void axpby(const AxpbyArgs& args) {
  if (args.b == 0.0F) {  // y may be uninitialised memory
    parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) {
        args.y[i] = args.a * args.x[i];
      }
    });
    return;
  }
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.y[i] = args.a * args.x[i] + args.b * args.y[i];
    }
  });
}

void add_row(const AddRowArgs& args) {
  parallel_each(args.rows * args.columns >= kParallelElements, args.rows, [&](std::int64_t row) {
    const float* x = args.x + row * args.columns;
    float* y = args.y + row * args.columns;
#pragma omp simd
    for (std::int64_t c = 0; c < args.columns; ++c) {
      y[c] = x[c] + args.row[c];
    }
  });
}

// Each thread sums whole columns, so the order of the sum does not depend on the number of threads.
void sum_rows(const SumRowsArgs& args) {
  constexpr std::int64_t kColumns = 64;  // one stripe: four cache lines, and its sums stay in registers
  const std::int64_t stripes = (args.columns + kColumns - 1) / kColumns;
  parallel_each(args.rows * args.columns >= kParallelElements, stripes, [&](std::int64_t stripe) {
    const std::int64_t begin = stripe * kColumns;
    const std::int64_t end = begin + kColumns < args.columns ? begin + kColumns : args.columns;
    for (std::int64_t c = begin; c < end; ++c) {
      args.y[c] = 0.0F;
    }
    for (std::int64_t row = 0; row < args.rows; ++row) {
      const float* x = args.x + row * args.columns;
#pragma omp simd
      for (std::int64_t c = begin; c < end; ++c) {
        args.y[c] += x[c];
      }
    }
  });
}

float sum_squares_chunk(const float* x, std::int64_t count) {
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < count; ++i) {
    sum += x[i] * x[i];
  }
  return sum;
}

// Chunks are summed in parallel, a group at a time, and then added in their order.
double sum_squares(const SumSquaresArgs& args) {
  constexpr std::int64_t kChunk = 4096, kGroup = 256;
  const std::int64_t chunks = (args.count + kChunk - 1) / kChunk;
  float partial[kGroup];
  double total = 0.0;
  for (std::int64_t first = 0; first < chunks; first += kGroup) {
    const std::int64_t group = first + kGroup < chunks ? kGroup : chunks - first;
#pragma omp parallel for if (group > 8) schedule(static)
    for (std::int64_t i = 0; i < group; ++i) {
      const std::int64_t begin = (first + i) * kChunk;
      partial[i] = sum_squares_chunk(args.x + begin, begin + kChunk < args.count ? kChunk : args.count - begin);
    }
    for (std::int64_t i = 0; i < group; ++i) {
      total += static_cast<double>(partial[i]);
    }
  }
  return total;
}

void add_squares(const AddSquaresArgs& args) {
  *args.sum += sum_squares({args.count, args.x});
}

void add_diagonal(const AddDiagonalArgs& args) {
  for (std::int64_t i = 0; i < args.side; ++i) {
    args.x[i * (args.side + 1)] += args.value;
  }
}

}  // namespace
}  // namespace octet::cpu
