#pragma once

// Formulas of single elements that kernels of the CPU and of the GPU share. Everything lives in an anonymous namespace
// and uses no standard-library template, for the reason given in tensor/cpu/kernels/math.h.

#include <cstdint>

#include "base/anywhere.h"
#include "tensor/kernels/float_kernels.h"

#if defined(__CUDACC__) || defined(OCTET_CUDA_SIMULATOR)
#define OCTET_GPU_MATH
#include <math.h>
#endif

namespace octet {
namespace {

constexpr float kSqrt2OverPi = 0.7978845608F;
constexpr float kGeluCubic = 0.044715F;

#ifdef OCTET_GPU_MATH

OCTET_ANYWHERE float exponential(float x) {
  return expf(x);
}
OCTET_ANYWHERE float logarithm(float x) {
  return logf(x);
}
OCTET_ANYWHERE float square_root(float x) {
  return sqrtf(x);
}

#else

/// e^x without branches or calls, so that loops over it vectorise. With n = round(x / ln 2) and r = x - n ln 2:
///
///     e^x = 2^n e^r          |r| <= ln(2) / 2
///
/// A polynomial gives e^r (coefficients of the Cephes library's expf). Relative error below 2e-7; 0 or infinity outside
/// of about [-87, 88].
OCTET_ANYWHERE float exponential(float x) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer in the low mantissa bits
  const float at_least = x > -87.3F ? x : -87.3F;
  const float clamped = at_least < 88.7F ? at_least : 88.7F;
  const float shifted = clamped * 1.44269504F + kRound;
  const float n = shifted - kRound;
  const float r = (clamped - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = (p * r) * r + r + 1.0F;
  const auto exponent = static_cast<std::uint32_t>(__builtin_bit_cast(std::int32_t, shifted) + 127) << 23;
  const float result = p * __builtin_bit_cast(float, exponent);
  return x != x ? x : (x < -87.3F ? 0.0F : result);
}
OCTET_ANYWHERE float logarithm(float x) {
  return __builtin_logf(x);
}
OCTET_ANYWHERE float square_root(float x) {
  return __builtin_sqrtf(x);
}

#endif

OCTET_ANYWHERE float sigmoid(float x) {
  return 1.0F / (1.0F + exponential(-x));
}

/// tanh through the exponential; the small absolute error near 0 (6e-8) is far below what GELU resolves.
OCTET_ANYWHERE float hyperbolic_tangent(float x) {
  return 1.0F - 2.0F / (1.0F + exponential(2.0F * x));
}

/// The approximation by tanh (Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415, section 2).
OCTET_ANYWHERE float gelu_of(float x) {
  return 0.5F * x * (1.0F + hyperbolic_tangent(kSqrt2OverPi * (x + kGeluCubic * x * x * x)));
}

/// dy * gelu'(x). With u = sqrt(2/pi) (x + a x^3) and t = tanh(u): gelu' = (1 + t) / 2 + x (1 - t^2) u' / 2.
OCTET_ANYWHERE float gelu_gradient(float x, float dy) {
  const float t = hyperbolic_tangent(kSqrt2OverPi * (x + kGeluCubic * x * x * x));
  const float du = kSqrt2OverPi * (1.0F + 3.0F * kGeluCubic * x * x);
  return dy * 0.5F * (1.0F + t + x * (1.0F - t * t) * du);
}

OCTET_ANYWHERE float silu_of(float x) {
  return x * sigmoid(x);
}

/// dy * silu'(x). With s = sigmoid(x): silu' = s (1 + x (1 - s)).
OCTET_ANYWHERE float silu_gradient(float x, float dy) {
  const float s = sigmoid(x);
  return dy * s * (1.0F + x * (1.0F - s));
}

/// The gradients of y = silu(gate) up: dgate = dy up silu'(gate), dup = dy silu(gate).
struct SwigluGradient {
  float gate, up;
};
OCTET_ANYWHERE SwigluGradient swiglu_gradient(float gate, float up, float dy) {
  const float s = sigmoid(gate);
  return {dy * up * s * (1.0F + gate * (1.0F - s)), dy * gate * s};
}

/// Two columns of a head, turned by an angle; `direction` -1 turns them back, as the gradient does. Su et al. 2021,
/// https://arxiv.org/abs/2104.09864, equation 34.
struct Turned {
  float first, second;
};
OCTET_ANYWHERE Turned turn(float first, float second, float cosine, float sine, float direction) {
  return {first * cosine - direction * second * sine, second * cosine + direction * first * sine};
}

/// A weight of attention from the probability p that softmax gives: clipped softmax (tensor/ops/attention.h). NaN
/// stays.
OCTET_ANYWHERE float clipped_weight(float p, float gamma) {
  const float weight = (1.0F - gamma) * p + gamma;
  return weight < 0.0F ? 0.0F : weight;
}
/// Its derivative by p.
OCTET_ANYWHERE float clipped_weight_gradient(float p, float gamma) {
  return (1.0F - gamma) * p + gamma <= 0.0F ? 0.0F : 1.0F - gamma;
}

/// What all weights of a step of AdamW share; see adamw_update.
struct AdamWStep {
  float beta1, beta2, epsilon, grad_scale;
  float decay;            // of a weight: 1 - learning_rate * weight_decay
  float rate;             // learning_rate / first_correction
  float root_correction;  // 1 / sqrt(second_correction)
};
OCTET_ANYWHERE AdamWStep adamw_step(const AdamWArgs& args) {
  return {args.beta1,
          args.beta2,
          args.epsilon,
          args.grad_scale,
          1.0F - args.learning_rate * args.weight_decay,
          args.learning_rate / args.first_correction,
          1.0F / square_root(args.second_correction)};
}

/// One weight with its moments (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2):
///
///     m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
///     w = (1 - lr decay) w - lr m' / (sqrt(v') + epsilon),   m' = m / (1 - beta1^t),   v' = v / (1 - beta2^t)
///
/// `rate` is lr / (1 - beta1^t), so `rate * m` is lr m'; `sqrt(v) * root_correction` is sqrt(v').
OCTET_ANYWHERE void adamw_update(const AdamWStep& step, float grad, float& first_moment, float& second_moment,
                                 float& weight) {
  const float gradient = grad * step.grad_scale;
  const float m = step.beta1 * first_moment + (1.0F - step.beta1) * gradient;
  const float v = step.beta2 * second_moment + (1.0F - step.beta2) * gradient * gradient;
  first_moment = m;
  second_moment = v;
  weight = step.decay * weight - step.rate * m / (square_root(v) * step.root_correction + step.epsilon);
}

}  // namespace
}  // namespace octet
