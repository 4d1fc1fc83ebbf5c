#include "train/optim/adamw.h"

#include <cmath>
#include <utility>

#include "tensor/backend.h"

namespace octet {

AdamW::AdamW(std::vector<Module::NamedParameter> parameters, const AdamWConfig& config) : config_(config) {
  for (auto& parameter : parameters) {
    const Tensor& value = parameter.parameter->value();
    const auto zeros = [&] { return Tensor::zeros(value.shape(), DType::f32, value.device()); };
    const double decay = takes_weight_decay(parameter) ? config.weight_decay : 0.0;
    entries_.push_back({std::move(parameter), static_cast<float>(decay), zeros(), zeros()});
  }
}

void AdamW::step(const OptimizerStep& step) {
  const auto t = static_cast<double>(step.index + 1);
  for (const Entry& entry : entries_) {
    const Tensor gradient = gradient_of(entry.parameter);
    AdamWArgs args{};
    args.count = gradient.elements();
    args.weight = entry.parameter.parameter->value().data<float>();
    args.grad = gradient.data<float>();
    args.first_moment = entry.first_moment.data<float>();
    args.second_moment = entry.second_moment.data<float>();
    args.learning_rate = static_cast<float>(config_.learning_rate * step.learning_rate_factor);
    args.beta1 = static_cast<float>(config_.beta1);
    args.beta2 = static_cast<float>(config_.beta2);
    args.epsilon = static_cast<float>(config_.epsilon);
    args.weight_decay = entry.weight_decay;
    args.grad_scale = step.gradient_scale;
    args.first_correction = static_cast<float>(1.0 - std::pow(config_.beta1, t));
    args.second_correction = static_cast<float>(1.0 - std::pow(config_.beta2, t));
    kernels(gradient.device()).adamw(args);
  }
}

std::vector<NamedTensor> AdamW::state() const {
  std::vector<NamedTensor> tensors;
  for (const Entry& entry : entries_) {
    tensors.push_back({"adamw.first." + entry.parameter.path, entry.first_moment});
    tensors.push_back({"adamw.second." + entry.parameter.path, entry.second_moment});
  }
  return tensors;
}

bool takes_weight_decay(const Module::NamedParameter& entry) {
  const bool is_table = entry.path == "embedding.weight" || entry.path == "positions.weight";
  return entry.parameter->value().rank() == 2 && !is_table;
}

}  // namespace octet
