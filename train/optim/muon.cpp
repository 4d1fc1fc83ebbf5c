#include "train/optim/muon.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/parallel.h"
#include "tensor/backend.h"
#include "train/optim/newton_schulz.h"

namespace octet {

Muon::Muon(std::vector<Module::NamedParameter> parameters, const MuonConfig& config) : config_(config) {
  for (auto& parameter : parameters) {
    const Tensor& value = parameter.parameter->value();
    const Shape shape = value.shape();
    check(shape.rank() == 2, "[muon] expected a matrix, got \"{}\" of shape {}", parameter.path, shape);
    std::int64_t first = 0;
    for (const std::int64_t rows : stacked_rows(parameter.path, shape)) {
      matrices_.push_back({.entry = entries_.size(), .first = first, .rows = rows, .columns = shape[1]});
      first += rows;
    }
    entries_.push_back({std::move(parameter), Tensor::zeros(shape, DType::f32, value.device())});
  }
  std::ranges::stable_sort(matrices_, std::ranges::greater{}, [](const Matrix& m) { return m.rows * m.columns; });
}

void Muon::step(const OptimizerStep& step) {
  for (const Entry& entry : entries_) {
    static_cast<void>(gradient_of(entry.parameter));  // an error before anything changes
  }
  if (matrices_.empty()) {
    return;
  }
  const auto count = static_cast<std::int64_t>(matrices_.size());
  const Backend& backend = active_backend(entries_.front().momentum.device());
  parallel_for(count, backend.runs_on_callers ? 1 : count, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) {
      update(matrices_[static_cast<std::size_t>(index)], step);
    }
  });
}

// Where kernels run on the threads of their callers, one matrix is the work of one thread. A GPU shares out each
// product and takes the matrices one after another.
void Muon::update(const Matrix& matrix, const OptimizerStep& step) const {
  const Entry& entry = entries_[matrix.entry];
  const std::int64_t count = matrix.rows * matrix.columns, offset = matrix.first * matrix.columns;
  const auto momentum = static_cast<float>(config_.momentum);
  const Tensor gradient = gradient_of(entry.parameter);
  const DeviceKind device = gradient.device();
  const auto& axpby = kernels(device).axpby;
  const float* g = gradient.data<float>() + offset;
  float* m = entry.momentum.data<float>() + offset;
  Tensor ahead = Tensor::empty({matrix.rows, matrix.columns}, DType::f32, device);
  axpby({.count = count, .a = step.gradient_scale, .b = momentum, .x = g, .y = m});
  memory(device).copy(ahead.raw_data(), m, ahead.bytes());
  axpby({.count = count, .a = step.gradient_scale, .b = momentum, .x = g, .y = ahead.data<float>()});

  const Tensor orthogonal = newton_schulz(ahead);
  const double learning_rate = config_.learning_rate * step.learning_rate_factor;
  const double shape_factor =
      std::sqrt(std::max(1.0, static_cast<double>(matrix.rows) / static_cast<double>(matrix.columns)));
  axpby({.count = count,
         .a = static_cast<float>(-learning_rate * shape_factor),
         .b = static_cast<float>(1.0 - learning_rate * config_.weight_decay),
         .x = orthogonal.data<float>(),
         .y = entry.parameter.parameter->value().data<float>() + offset});
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
