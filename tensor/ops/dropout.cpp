#include "tensor/ops/dropout.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

/// What decides which elements stay.
struct Mask {
  float probability;
  std::uint64_t seed, stream;
};

Tensor masked(const Tensor& x, const Mask& mask) {
  Tensor y = empty_like(x, x.shape());
  kernels(x.device())
      .dropout({x.elements(), mask.probability, mask.seed, mask.stream, x.data<float>(), y.data<float>()});
  return y;
}

}  // namespace

Tensor dropout(const Tensor& x, float probability, std::uint64_t seed, std::uint64_t stream) {
  check(probability >= 0.0F && probability < 1.0F, "[dropout] expected a probability from 0 to below 1, got {}",
        probability);
  const Mask mask{probability, seed, stream};
  // forward: y = mask * x; so dx = mask * dy, with the same mask from the same random numbers.
  return record("dropout", {x}, masked(dense("dropout", x), mask),
                [mask](const Tensor& dy) { return std::vector<Tensor>{masked(dense("dropout", dy), mask)}; });
}

}  // namespace octet
