#pragma once

#include "tensor/cpu/kernels/elementwise.h"

namespace octet::cpu {
namespace {

void layer_norm(const NormArgs& args) {
  const std::int64_t columns = args.columns;
  parallel_each(args.rows * columns >= kParallelElements, args.rows, [&](std::int64_t row) {
    const float* x = args.x + row * columns;
    float* y = args.y + row * columns;
    float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t c = 0; c < columns; ++c) {
      sum += x[c];
    }
    const float mean = sum / static_cast<float>(columns);
    float squares = 0.0F;
#pragma omp simd reduction(+ : squares)
    for (std::int64_t c = 0; c < columns; ++c) {
      squares += (x[c] - mean) * (x[c] - mean);
    }
    const float inverse = 1.0F / square_root(squares / static_cast<float>(columns) + args.epsilon);
#pragma omp simd
    for (std::int64_t c = 0; c < columns; ++c) {
      y[c] = (x[c] - mean) * inverse * args.gain[c] + args.bias[c];
    }
    args.mean[row] = mean;
    args.inverse_std[row] = inverse;
  });
}

void rms_norm(const NormArgs& args) {
  const std::int64_t columns = args.columns;
  parallel_each(args.rows * columns >= kParallelElements, args.rows, [&](std::int64_t row) {
    const float* x = args.x + row * columns;
    float* y = args.y + row * columns;
    float squares = 0.0F;
#pragma omp simd reduction(+ : squares)
    for (std::int64_t c = 0; c < columns; ++c) {
      squares += x[c] * x[c];
    }
    const float inverse = 1.0F / square_root(squares / static_cast<float>(columns) + args.epsilon);
#pragma omp simd
    for (std::int64_t c = 0; c < columns; ++c) {
      y[c] = x[c] * inverse * args.gain[c];
    }
    args.inverse_std[row] = inverse;
  });
}

// forward: y = n * gain + bias; so g = dy * gain is the gradient of n, and dgain and dbias are sums of dy * n and dy.
// forward: n = (x - mean) * inverse_std; so dx = inverse_std * (g - mean(g) - n * mean(g * n)). The two means are there
// because mean and inverse_std depend on x too. RMSNorm has mean = 0, and no term mean(g).
template <bool kCentered>
void norm_backward_row(const NormBackwardArgs& args, std::int64_t row, float* dgain, float* dbias) {
  const std::int64_t columns = args.columns;
  const float* x = args.x + row * columns;
  const float* dy = args.dy + row * columns;
  float* dx = args.dx + row * columns;
  const float mean = kCentered ? args.mean[row] : 0.0F;
  const float inverse = args.inverse_std[row];
  float sum_g = 0.0F, sum_gn = 0.0F;
#pragma omp simd reduction(+ : sum_g, sum_gn)
  for (std::int64_t c = 0; c < columns; ++c) {
    const float n = (x[c] - mean) * inverse;
    const float g = dy[c] * args.gain[c];
    sum_g += g;
    sum_gn += g * n;
    dgain[c] += dy[c] * n;
    if (kCentered) {
      dbias[c] += dy[c];
    }
  }
  const float mean_g = kCentered ? sum_g / static_cast<float>(columns) : 0.0F;
  const float mean_gn = sum_gn / static_cast<float>(columns);
#pragma omp simd
  for (std::int64_t c = 0; c < columns; ++c) {
    const float n = (x[c] - mean) * inverse;
    dx[c] = inverse * (dy[c] * args.gain[c] - mean_g - n * mean_gn);
  }
}

// Each chunk of rows collects its own sums for gain and bias; they are then added in the order of the chunks.
template <bool kCentered>
void norm_backward(const NormBackwardArgs& args) {
  const std::int64_t columns = args.columns, chunks = row_chunks(args.rows);
  parallel_each(args.rows * columns >= kParallelElements, chunks, [&](std::int64_t chunk) {
    float* dgain = args.partial + chunk * 2 * columns;
    float* dbias = dgain + columns;
    for (std::int64_t c = 0; c < 2 * columns; ++c) {
      dgain[c] = 0.0F;
    }
    const std::int64_t end = (chunk + 1) * kRowsPerChunk < args.rows ? (chunk + 1) * kRowsPerChunk : args.rows;
    for (std::int64_t row = chunk * kRowsPerChunk; row < end; ++row) {
      norm_backward_row<kCentered>(args, row, dgain, dbias);
    }
  });
  for (std::int64_t c = 0; c < columns; ++c) {
    float dgain = 0.0F, dbias = 0.0F;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
      dgain += args.partial[chunk * 2 * columns + c];
      dbias += args.partial[chunk * 2 * columns + columns + c];
    }
    args.dgain[c] = dgain;
    if (kCentered) {
      args.dbias[c] = dbias;
    }
  }
}

}  // namespace
}  // namespace octet::cpu
