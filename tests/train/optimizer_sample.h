#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "nn/layers/module.h"

namespace octet {

/// A module of parameters with given dotted names and random values, without layers around them.
class LooseParameters : public Module {
 public:
  explicit LooseParameters(const std::vector<std::pair<std::string, Shape>>& list) {
    for (const auto& [name, shape] : list) {
      owned_.push_back(std::make_unique<Parameter>(*this, name, shape));
      owned_.back()->set_value(random(shape, hash_name(name)));
    }
  }

  Parameter& operator[](std::size_t i) { return *owned_[i]; }

  static Tensor random(const Shape& shape, std::uint64_t stream) {
    Tensor tensor = Tensor::empty(shape);
    const Random numbers(7, stream);
    for (std::size_t i = 0; i < tensor.span<float>().size(); ++i) {
      tensor.span<float>()[i] = numbers.normal(i);
    }
    return tensor;
  }

  /// Gives every parameter a random gradient.
  void set_random_gradients(std::uint64_t stream) {
    for (const auto& parameter : owned_) {
      parameter->value().set_grad(random(parameter->value().shape(), hash_name(parameter->name()) + stream));
    }
  }

 private:
  std::vector<std::unique_ptr<Parameter>> owned_;
};

}  // namespace octet
