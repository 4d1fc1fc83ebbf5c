#include "eval/experiments/loss_slopes.h"

#include <algorithm>

#include "eval/score/interval.h"
#include "tensor/autograd/node.h"

namespace octet {
namespace {

/// Ids [first, first + count) of one row of ids (B, T), as (1, count).
Tensor part_of_row(const Tensor& ids, std::int64_t row, std::int64_t first, std::int64_t count) {
  Tensor part = Tensor::zeros({1, count}, DType::i32);
  std::copy_n(ids.data<std::int32_t>() + row * ids.dim(1) + first, count, part.data<std::int32_t>());
  return part;
}

bool is_matrix(const Module::NamedParameter& entry) {
  return entry.parameter->value().rank() == 2 && entry.path.ends_with(".weight");
}

std::string layer_of(const std::string& parameter) {
  return parameter.substr(0, parameter.size() - std::string_view(".weight").size());
}

}  // namespace

LossSlopes::LossSlopes(Gpt& fp32, std::span<const Tensor> batches) {
  fp32.clear_gradients();
  for (const Tensor& ids : batches) {
    check(ids.dim(1) > 1, "[loss slopes] expected rows of two ids or more, got {}", ids.shape());
    const std::int64_t count = ids.dim(1) - 1;
    for (std::int64_t row = 0; row < ids.dim(0); ++row) {
      const DeviceKind device = fp32.device();
      backward(fp32.loss(part_of_row(ids, row, 0, count).to(device), part_of_row(ids, row, 1, count).to(device)));
      for (const Module::NamedParameter& entry : fp32.parameters()) {
        if (!is_matrix(entry) || !entry.parameter->value().grad().defined()) continue;
        const Tensor gradient = entry.parameter->value().grad().to(DeviceKind::cpu);
        Slopes& slopes = slopes_[layer_of(entry.path)];
        slopes.gradient.resize(gradient.span<float>().size());
        slopes.square.resize(slopes.gradient.size());
        for (std::size_t i = 0; i < slopes.gradient.size(); ++i) {
          const auto g = static_cast<double>(gradient.span<float>()[i]);
          slopes.gradient[i] += g;
          slopes.square[i] += g * g;
        }
      }
      fp32.clear_gradients();
      ++windows_;
      tokens_ += static_cast<double>(count);
    }
  }
  check(windows_ > 0, "[loss slopes] expected at least one batch, got none");
  tokens_ /= windows_;
}

double LossSlopes::predicted(const std::string& layer, const Tensor& original, const Tensor& rounded) const {
  const auto found = slopes_.find(layer);
  if (found == slopes_.end()) return kNotMeasured;
  const std::span<const float> w = original.span<float>(), q = rounded.span<float>();
  double first = 0, second = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double change = static_cast<double>(q[i]) - static_cast<double>(w[i]);
    first += found->second.gradient[i] / windows_ * change;
    second += tokens_ * found->second.square[i] / windows_ * change * change;
  }
  return first + second / 2;
}

}  // namespace octet
