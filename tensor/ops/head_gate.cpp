#include "tensor/ops/head_gate.h"

#include <cmath>

#include "base/parallel.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

constexpr std::int64_t kHeadsOfAThread = 1024;  // fewer are not worth waking another one

void check_gate(const Tensor& x, const Tensor& logits) {
  check_float("head_gate", x, 1);
  check_float("head_gate", logits, 1);
  check_same_device("head_gate", x, logits);
  check(x.device() == DeviceKind::cpu,
        "[head_gate] expected tensors in CPU memory, got {}: there is no kernel for a GPU", name_of(x.device()));
  const std::int64_t heads = logits.dim(-1);
  check(heads > 0 && x.dim(-1) % heads == 0 && rows_of(x) == rows_of(logits),
        "[head_gate] expected x (..., H D) and logits (..., H), got {} and {}", x.shape(), logits.shape());
}

float sigmoid(float logit) {
  return 1.0F / (1.0F + std::exp(-logit));
}

/// Calls visit(head, s) for each head of each row; the elements of a head begin at head * D.
template <typename Visit>
void for_each_head(const Tensor& logits, Visit visit) {
  const float* values = logits.data<float>();
  parallel_for(logits.elements(), kHeadsOfAThread, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t head = begin; head < end; ++head) visit(head, sigmoid(values[head]));
  });
}

/// s_h x_h for each head.
Tensor gated(const Tensor& x, const Tensor& logits) {
  const std::int64_t size = x.dim(-1) / logits.dim(-1);
  const Tensor y = empty_like(x, x.shape());
  for_each_head(logits, [&](std::int64_t head, float s) {
    const float* from = x.data<float>() + head * size;
    float* to = y.data<float>() + head * size;
    for (std::int64_t d = 0; d < size; ++d) to[d] = s * from[d];
  });
  return y;
}

Tensor logit_gradient(const Tensor& x, const Tensor& logits, const Tensor& dy) {
  const std::int64_t size = x.dim(-1) / logits.dim(-1);
  const Tensor gradient = empty_like(logits, logits.shape());
  for_each_head(logits, [&](std::int64_t head, float s) {
    const float* a = x.data<float>() + head * size;
    const float* b = dy.data<float>() + head * size;
    float sum = 0;
    for (std::int64_t d = 0; d < size; ++d) sum += a[d] * b[d];
    gradient.data<float>()[head] = s * (1.0F - s) * sum;
  });
  return gradient;
}

}  // namespace

Tensor head_gate(const Tensor& x, const Tensor& logits) {
  check_gate(x, logits);
  const Tensor values = dense("head_gate", x), gates = dense("head_gate", logits);
  return record("head_gate", {x, logits}, gated(values, gates), [values, gates](const Tensor& grad) {
    // forward: y = s x with s = sigmoid(logit); so dx = s dy, and dlogit = s' sum(dy x) with s' = s (1 - s).
    const Tensor dy = dense("head_gate", grad);
    return std::vector<Tensor>{gated(dy, gates), logit_gradient(values, gates, dy)};
  });
}

}  // namespace octet
