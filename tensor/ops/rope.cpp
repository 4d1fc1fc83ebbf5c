#include "tensor/ops/rope.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

// Angles are computed in double: at position 2000 an FP32 product would already lose four digits.
Rotation computed(std::int64_t positions, std::int64_t head_dim, float theta) {
  const std::int64_t half = head_dim / 2;
  Rotation result = {Tensor::empty({positions, half}), Tensor::empty({positions, half})};
  for (std::int64_t i = 0; i < half; ++i) {
    const double frequency =
        std::pow(static_cast<double>(theta), -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    for (std::int64_t t = 0; t < positions; ++t) {
      const double angle = static_cast<double>(t) * frequency;
      result.cosine.data<float>()[t * half + i] = static_cast<float>(std::cos(angle));
      result.sine.data<float>()[t * half + i] = static_cast<float>(std::sin(angle));
    }
  }
  return result;
}

constexpr std::uint64_t kFewestPositions = 256;

/// The rotation of the positions behind `past`: 1 forwards, -1 back.
Tensor rotate(const Tensor& qkv, const HeadLayout& layout, const Rotation& angles, Past past, float direction) {
  Tensor y = empty_like(qkv, qkv.shape());
  const std::int64_t skipped = past.on_device != nullptr ? 0 : past.count * layout.head_dim / 2;
  kernels(qkv.device())
      .rope({.batch = qkv.dim(0),
             .time = qkv.dim(1),
             .width = qkv.dim(2),
             .rotated = layout.query_width() + layout.kv_width(),
             .head_dim = layout.head_dim,
             .direction = direction,
             .cosine = angles.cosine.data<float>() + skipped,
             .sine = angles.sine.data<float>() + skipped,
             .x = qkv.data<float>(),
             .y = y.data<float>(),
             .first_on_device = past.on_device});
  return y;
}

}  // namespace

const Rotation& rotation(std::int64_t positions, std::int64_t head_dim, float theta, DeviceKind device) {
  check(head_dim % 2 == 0, "[rope] expected an even head size, got {}", head_dim);
  using Key = std::tuple<std::int64_t, float, DeviceKind>;
  thread_local std::map<Key, std::vector<Rotation>> known;
  std::vector<Rotation>& tables = known[Key(head_dim, theta, device)];
  if (tables.empty() || tables.back().cosine.dim(0) < positions) {
    const auto rows = std::bit_ceil(std::max(static_cast<std::uint64_t>(positions), kFewestPositions));
    const Rotation table = computed(static_cast<std::int64_t>(rows), head_dim, theta);
    tables.push_back({table.cosine.to(device), table.sine.to(device)});
  }
  return tables.back();
}

Tensor rope(const Tensor& qkv, const HeadLayout& layout, float theta, Past past) {
  check_layout("rope", qkv, layout);
  check(past.count >= 0, "[rope] expected positions from 0 on, got {}", past.count);
  const Rotation angles = rotation(past.count + qkv.dim(1), layout.head_dim, theta, qkv.device());
  return record("rope", {qkv}, rotate(dense("rope", qkv), layout, angles, past, 1.0F),
                [layout, angles, past](const Tensor& dy) {
                  // forward: y = R x with a rotation R; so dx = R^T dy, the rotation back.
                  return std::vector<Tensor>{rotate(dense("rope", dy), layout, angles, past, -1.0F)};
                });
}

}  // namespace octet
