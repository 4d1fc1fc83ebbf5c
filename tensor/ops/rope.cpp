#include "tensor/ops/rope.h"

#include <cmath>
#include <tuple>

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

struct Rotation {
  Tensor cosine, sine;  // (T, D / 2)
};

// Angles are computed in double: at position 2000 an FP32 product would already lose four digits.
Rotation computed(std::int64_t time, std::int64_t head_dim, float theta, std::int64_t first_position) {
  const std::int64_t half = head_dim / 2;
  Rotation result = {Tensor::empty({time, half}), Tensor::empty({time, half})};
  for (std::int64_t i = 0; i < half; ++i) {
    const double frequency =
        std::pow(static_cast<double>(theta), -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    for (std::int64_t t = 0; t < time; ++t) {
      const double angle = static_cast<double>(first_position + t) * frequency;
      result.cosine.data<float>()[t * half + i] = static_cast<float>(std::cos(angle));
      result.sine.data<float>()[t * half + i] = static_cast<float>(std::sin(angle));
    }
  }
  return result;
}

// Remembers the last answer of the thread: all layers of a model, and all steps of a training, ask for the same one.
const Rotation& rotation(std::int64_t time, std::int64_t head_dim, float theta, std::int64_t first_position) {
  using Key = std::tuple<std::int64_t, std::int64_t, float, std::int64_t>;
  thread_local Key known_key;
  thread_local Rotation known;
  const Key key(time, head_dim, theta, first_position);
  if (!known.cosine.defined() || key != known_key) {
    known = computed(time, head_dim, theta, first_position);
    known_key = key;
  }
  return known;
}

Tensor rotate(const Tensor& qkv, const HeadLayout& layout, const Rotation& angles, float direction) {
  Tensor y = Tensor::empty(qkv.shape());
  kernels(qkv.device())
      .rope({qkv.dim(0), qkv.dim(1), qkv.dim(2), layout.query_width() + layout.kv_width(), layout.head_dim, direction,
             angles.cosine.data<float>(), angles.sine.data<float>(), qkv.data<float>(), y.data<float>()});
  return y;
}

}  // namespace

Tensor rope(const Tensor& qkv, const HeadLayout& layout, float theta, std::int64_t first_position) {
  check_layout("rope", qkv, layout);
  check(layout.head_dim % 2 == 0, "[rope] expected an even head size, got {}", layout.head_dim);
  const Rotation angles = rotation(qkv.dim(1), layout.head_dim, theta, first_position);
  return record("rope", {qkv}, rotate(dense("rope", qkv), layout, angles, 1.0F), [layout, angles](const Tensor& dy) {
    return std::vector<Tensor>{rotate(dense("rope", dy), layout, angles, -1.0F)};
  });
}

}  // namespace octet
