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

// With u = sqrt(2/pi) (x + a x^3) and t = tanh(u): y' = (1 + t) / 2 + x (1 - t^2) u' / 2.
void gelu_backward(const UnaryBackwardArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      const float x = args.x[i];
      const float t = hyperbolic_tangent(kSqrt2OverPi * (x + kGeluCubic * x * x * x));
      const float du = kSqrt2OverPi * (1.0F + 3.0F * kGeluCubic * x * x);
      args.dx[i] = args.dy[i] * 0.5F * (1.0F + t + x * (1.0F - t * t) * du);
    }
  });
}

void silu(const UnaryArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.y[i] = args.x[i] * sigmoid(args.x[i]);
    }
  });
}

// With s = sigmoid(x): y' = s (1 + x (1 - s)).
void silu_backward(const UnaryBackwardArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      const float s = sigmoid(args.x[i]);
      args.dx[i] = args.dy[i] * s * (1.0F + args.x[i] * (1.0F - s));
    }
  });
}

void swiglu(const BinaryArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      args.y[i] = args.a[i] * sigmoid(args.a[i]) * args.b[i];
    }
  });
}

void swiglu_backward(const SwigluBackwardArgs& args) {
  parallel_ranges(args.count >= kParallelElements, args.count, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      const float s = sigmoid(args.gate[i]);
      args.dup[i] = args.dy[i] * args.gate[i] * s;
      args.dgate[i] = args.dy[i] * args.up[i] * s * (1.0F + args.gate[i] * (1.0F - s));
    }
  });
}

}  // namespace
}  // namespace octet::cpu
