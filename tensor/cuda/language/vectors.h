#pragma once

#include "tensor/cuda/language/device.h"

// Arithmetic on two and four floats.

namespace octet::cuda {

__device__ inline float4 zero_vector() {
  return make_float4(0.0F, 0.0F, 0.0F, 0.0F);
}
__device__ inline float component(const float4& x, int i) {
  return i == 0 ? x.x : i == 1 ? x.y : i == 2 ? x.z : x.w;
}
__device__ inline float component(const float2& x, int i) {
  return i == 0 ? x.x : x.y;
}
__device__ inline float4 scaled(const float4& x, float factor) {
  return make_float4(x.x * factor, x.y * factor, x.z * factor, x.w * factor);
}
__device__ inline float2 scaled(const float2& x, float factor) {
  return make_float2(x.x * factor, x.y * factor);
}
__device__ inline float4 read_vector(const float* shared) {
  return *reinterpret_cast<const float4*>(shared);
}

/// y += factor * x
__device__ inline void add_scaled(float factor, const float4& x, float4& y) {
  y = make_float4(fmaf(factor, x.x, y.x), fmaf(factor, x.y, y.y), fmaf(factor, x.z, y.z), fmaf(factor, x.w, y.w));
}
__device__ inline float add_dot(const float4& a, const float4& b, float sum) {
  return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}
}  // namespace octet::cuda
