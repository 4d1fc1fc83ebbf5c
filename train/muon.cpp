#include "train/muon.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tensor/backend.h"

namespace octet {

Muon::Muon(std::vector<Module::NamedParameter> parameters, const MuonConfig& config) : config_(config) {
  std::int64_t largest = 0;
  for (auto& parameter : parameters) {
    const Tensor& weight = parameter.parameter->value();
    check(weight.rank() == 2, "[muon] expected a matrix, got \"{}\" of shape {}", parameter.path, weight.shape());
    largest = std::max(largest, weight.elements());
    entries_.push_back({std::move(parameter), Tensor::zeros(weight.shape())});
  }
  update_.resize(static_cast<std::size_t>(largest));
}

void Muon::step(const OptimizerStep& step) {
  const double learning_rate = config_.learning_rate * step.learning_rate_factor;
  const auto momentum = static_cast<float>(config_.momentum);
  const auto keep = static_cast<float>(1.0 - learning_rate * config_.weight_decay);
  const auto& axpby = kernels().axpby;
  for (const Entry& entry : entries_) {
    const Tensor gradient = gradient_of(entry.parameter);
    const std::int64_t count = gradient.elements();
    const float* g = gradient.span<float>().data();
    float* m = entry.momentum.data<float>();
    float* update = update_.data();
    axpby({.count = count, .a = step.gradient_scale, .b = momentum, .x = g, .y = m});
    std::copy_n(m, count, update);
    axpby({.count = count, .a = step.gradient_scale, .b = momentum, .x = g, .y = update});

    const Tensor& weight = entry.parameter.parameter->value();
    float* w = weight.span<float>().data();
    const std::int64_t columns = weight.dim(1);
    for (const std::int64_t rows : stacked_rows(entry.parameter.path, weight.shape())) {
      newton_schulz_.orthogonalise(update, rows, columns);
      const double shape_factor = std::sqrt(std::max(1.0, static_cast<double>(rows) / static_cast<double>(columns)));
      axpby({.count = rows * columns,
             .a = static_cast<float>(-learning_rate * shape_factor),
             .b = keep,
             .x = update,
             .y = w});
      update += rows * columns;
      w += rows * columns;
    }
  }
}

std::vector<NamedTensor> Muon::state() const {
  std::vector<NamedTensor> tensors;
  for (const Entry& entry : entries_) {
    tensors.push_back({"muon.momentum." + entry.parameter.path, entry.momentum});
  }
  return tensors;
}

std::vector<std::int64_t> stacked_rows(const std::string& path, const Shape& shape) {
  if (!path.ends_with("attention.qkv.weight")) {
    return {shape[0]};
  }
  // (C + 2 Hkv D, C): all query heads together are as wide as the model; keys and values share the rest.
  const std::int64_t queries = shape[1];
  const std::int64_t keys = (shape[0] - queries) / 2;
  return {queries, keys, keys};
}

}  // namespace octet
