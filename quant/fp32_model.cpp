#include "quant/fp32_model.h"

#include "nn/layers/quantized_layer.h"

namespace octet {

std::unique_ptr<Gpt> fp32_copy(Gpt& model, HeadOfCopy head, const std::optional<OnlineRotations>& rotations) {
  model.for_each_child([](const std::string& path, ChildSlot& slot) {
    if (quantized_matrix_of(slot.module()) != nullptr) {
      fail(ErrorKind::config, "[transform] expected a model in FP32, got one whose layer \"{}\" is quantized", path);
    }
  });
  GptConfig config = model.config();
  const bool unties = config.tied_head && head == HeadOfCopy::untied;
  config.tied_head = config.tied_head && !unties;
  config.rotations = rotations.value_or(config.rotations);
  auto copy = std::make_unique<Gpt>(config);
  const NamedTensors from(model);
  for (const auto& [path, parameter] : copy->parameters()) {
    parameter->set_value(from.at(unties && path == "head.weight" ? "embedding.weight" : path));
  }
  return copy;
}

NamedTensors::NamedTensors(Gpt& model) {
  for (const auto& [path, parameter] : model.parameters()) {
    tensors_.emplace(path, parameter->value());
  }
}

const Tensor& NamedTensors::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  check(found != tensors_.end(), "[transform] expected a parameter \"{}\" in FP32, found none", name);
  return found->second;
}

Tensor NamedTensors::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? Tensor() : found->second;
}

}  // namespace octet
