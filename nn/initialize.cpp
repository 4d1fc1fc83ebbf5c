#include "nn/initialize.h"

#include <cmath>
#include <string_view>

#include "base/parallel.h"
#include "base/random.h"

namespace octet {
namespace {

constexpr float kStandardDeviation = 0.02F;
constexpr std::int64_t kGrain = 16384;  // elements per chunk: some 0.2 ms of work

/// Draws on the CPU, whatever the device.
void fill_normal(Tensor& tensor, float deviation, const Random& random) {
  Tensor drawn = Tensor::empty(tensor.shape());
  float* values = drawn.data<float>();
  parallel_for(tensor.elements(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      values[i] = deviation * random.normal(static_cast<std::uint64_t>(i));
    }
  });
  tensor.copy_from(drawn);
}

}  // namespace

void initialize(Gpt& model, std::uint64_t seed) {
  const float residual_deviation = kStandardDeviation / std::sqrt(2.0F * static_cast<float>(model.config().layers));
  for (const auto& [path, parameter] : model.parameters()) {
    const std::string_view name = path;
    Tensor value = parameter->value();  // a handle: shares the elements
    if (name.ends_with(".gain")) {
      value.fill(1.0F);
    } else if (name.ends_with(".bias")) {
      value.fill(0.0F);
    } else {
      const bool residual = name.ends_with(".attention.output.weight") || name.ends_with(".mlp.down.weight");
      fill_normal(value, residual ? residual_deviation : kStandardDeviation, Random(seed, hash_name(name)));
    }
  }
}

}  // namespace octet
