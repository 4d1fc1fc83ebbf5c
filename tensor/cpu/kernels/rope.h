#pragma once

#include "tensor/cpu/kernels/elementwise.h"

namespace octet::cpu {
namespace {

// Its gradient is the same with direction -1: forward: y = R x with a rotation R; so dx = R^T dy, the rotation back.
void rope(const RopeArgs& args) {
  const std::int64_t half = args.head_dim / 2;
  parallel_each(args.batch * args.time * args.width >= kParallelElements, args.batch * args.time,
                [&](std::int64_t row) {
                  const float* x = args.x + row * args.width;
                  float* y = args.y + row * args.width;
                  const float* cosine = args.cosine + row % args.time * half;
                  const float* sine = args.sine + row % args.time * half;
                  for (std::int64_t head = 0; head < args.rotated; head += args.head_dim) {
                    const float* first = x + head;
                    const float* second = first + half;
#pragma omp simd
                    for (std::int64_t i = 0; i < half; ++i) {
                      const Turned turned = turn(first[i], second[i], cosine[i], sine[i], args.direction);
                      y[head + i] = turned.first;
                      y[head + half + i] = turned.second;
                    }
                  }
#pragma omp simd
                  for (std::int64_t c = args.rotated; c < args.width; ++c) {
                    y[c] = x[c];
                  }
                });
}

}  // namespace
}  // namespace octet::cpu
