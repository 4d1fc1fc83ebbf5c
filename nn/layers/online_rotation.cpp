#include "nn/layers/online_rotation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/hadamard.h"
#include "base/random.h"
#include "tensor/ops/matmul.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

/// Beyond that two products are faster than one.
constexpr std::int64_t kOneProduct = 128;

/// The order of the first factor: a power of two with which a + b is least, where b is a multiple of the block.
std::int64_t first_factor(const Hadamard& hadamard) {
  const std::int64_t order = hadamard.order();
  std::int64_t best = 1;
  for (std::int64_t a = 1; order > kOneProduct && order % (a * hadamard.block_order()) == 0; a *= 2) {
    best = a + order / a < best + order / best ? a : best;
  }
  return best;
}

/// D H / sqrt(n), row by row: row i of H is the unit vector e_i times H.
Tensor signed_hadamard(std::int64_t order, const Random& random) {
  const Hadamard hadamard(order);
  Tensor result = Tensor::empty({order, order});
  std::vector<double> row(static_cast<std::size_t>(order));
  for (std::int64_t i = 0; i < order; ++i) {
    std::fill(row.begin(), row.end(), 0.0);
    row[static_cast<std::size_t>(i)] = random.below(static_cast<std::uint64_t>(i), 2) == 0 ? 1.0 : -1.0;
    hadamard.apply_transposed(row);
    for (std::int64_t j = 0; j < order; ++j) {
      result.data<float>()[i * order + j] =
          static_cast<float>(row[static_cast<std::size_t>(j)] / std::sqrt(static_cast<double>(order)));
    }
  }
  return result;
}

}  // namespace

OnlineRotation::OnlineRotation(std::int64_t order, std::uint64_t seed) : order_(order) {
  const std::int64_t a = first_factor(Hadamard(order));
  if (a > 1) {
    left_ = signed_hadamard(a, Random(seed, hash_name("rotation.left")));
  }
  right_ = signed_hadamard(order / a, Random(seed, hash_name("rotation.right")));
}

Tensor OnlineRotation::operator()(const Tensor& x) const {
  const auto sizes = x.shape().sizes();
  const std::int64_t b = right_.dim(0), a = order_ / b;
  check(sizes.back() % order_ == 0, "[rotation] expected parts of {} values, got {}", order_, x.shape());
  Tensor y = matmul(reshape(x, {-1, b}), right_);
  if (left_.defined()) {
    y = matmul(reshape(transpose(reshape(y, {-1, a, b}), 1, 2), {-1, a}), left_);
  }
  return reshape(y, {sizes.begin(), sizes.end()});
}

void OnlineRotation::move_state(DeviceKind device) {
  if (left_.defined()) {
    left_ = left_.to(device);
  }
  right_ = right_.to(device);
}

}  // namespace octet
