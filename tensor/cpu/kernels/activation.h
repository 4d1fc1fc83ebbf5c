#pragma once

#include "tensor/cpu/kernels/elementwise.h"

namespace octet::cpu {
namespace {

void gelu(const UnaryArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.y[i] = gelu_of(args.x[i]);
    }
  });
}

// forward: y = gelu(x); so dx = dy * gelu'(x).
void gelu_backward(const UnaryBackwardArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.dx[i] = gelu_gradient(args.x[i], args.dy[i]);
    }
  });
}

void silu(const UnaryArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.y[i] = silu_of(args.x[i]);
    }
  });
}

// forward: y = silu(x); so dx = dy * silu'(x).
void silu_backward(const UnaryBackwardArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.dx[i] = silu_gradient(args.x[i], args.dy[i]);
    }
  });
}

void swiglu(const BinaryArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.y[i] = silu_of(args.a[i]) * args.b[i];
    }
  });
}

// forward: y = silu(gate) * up; so dgate = dy * up * silu'(gate) and dup = dy * silu(gate).
void swiglu_backward(const SwigluBackwardArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      const SwigluGradient gradient = swiglu_gradient(args.gate[i], args.up[i], args.dy[i]);
      args.dgate[i] = gradient.gate;
      args.dup[i] = gradient.up;
    }
  });
}

}  // namespace
}  // namespace octet::cpu
