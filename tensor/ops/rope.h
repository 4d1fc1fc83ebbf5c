#pragma once

#include "tensor/kernels/kv_kernels.h"
#include "tensor/ops/attention.h"
#include "tensor/tensor.h"

namespace octet {

/// Rotary position embedding of the queries and keys in qkv (B, T, (H + 2 Hkv) D); values pass through. Element i of
/// the first half of a head and element i of its second half are one pair, turned by an angle that grows with the
/// position:
///
///     angle     = (past + t) * theta^(-2 i / D)                    i = 0 .. D / 2 - 1
///     y_i       = x_i cos(angle) - x_(i + D/2) sin(angle)
///     y_(i+D/2) = x_(i + D/2) cos(angle) + x_i sin(angle)
///
/// The gradient turns by -angle. Pairs lie as in Hugging Face's Llama, half a head apart; the paper pairs neighbours.
/// D must be even. Su et al. 2021, https://arxiv.org/abs/2104.09864, equation 34.
///
/// Angles are computed once for each thread, D, theta and device, and kept until the thread ends.
Tensor rope(const Tensor& qkv, const HeadLayout& layout, float theta = 10000.0F, Past past = {});

/// The angles of positions 0, 1, 2, ...
struct Rotation {
  Tensor cosine, sine;  // (positions, D / 2)
};
/// At least `positions` of them. A thread keeps every table that it made: all layers of a model, and all steps of a
/// training or generation, ask for angles of one, and recorded kernels read theirs again later. A table doubles where
/// it is too short, so that its cost per position stays what it is. Errors: odd head_dim.
const Rotation& rotation(std::int64_t positions, std::int64_t head_dim, float theta, DeviceKind device);

}  // namespace octet
