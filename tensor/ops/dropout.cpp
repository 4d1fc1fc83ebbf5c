#include "tensor/ops/dropout.h"

#include "base/parallel.h"
#include "base/random.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

constexpr std::int64_t kGrain = 8192;

Tensor masked(const Tensor& x, float probability, const Random& random) {
  Tensor y = Tensor::empty(x.shape());
  const float* in = x.data<float>();
  float* out = y.data<float>();
  const float kept = 1.0F / (1.0F - probability);
  parallel_for(x.elements(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      out[i] = random.uniform(static_cast<std::uint64_t>(i)) < probability ? 0.0F : in[i] * kept;
    }
  });
  return y;
}

}  // namespace

Tensor dropout(const Tensor& x, float probability, std::uint64_t seed, std::uint64_t stream) {
  check(probability >= 0.0F && probability < 1.0F, "[dropout] expected a probability from 0 to below 1, got {}",
        probability);
  const Random random(seed, stream);
  const Tensor y = masked(dense("dropout", x), probability, random);
  return record("dropout", {x}, y, [probability, random](const Tensor& dy) {
    return std::vector<Tensor>{masked(dense("dropout", dy), probability, random)};
  });
}

}  // namespace octet
