#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "nn/gpt.h"

namespace octet {

/// Who owns the output head of a copy.
enum class HeadOfCopy {
  as_it_is,
  /// A tied head becomes a matrix of its own with the values of the embedding: V x C more values to store.
  untied,
};

/// A copy of an FP32 model on the CPU: what transforms work on, so that an error leaves the model as it was. With
/// `rotations` it rotates those while it runs, and its weights must be made to fit: quant/transforms/rotate.h. Error
/// (config) where a layer is quantized, naming it.
std::unique_ptr<Gpt> fp32_copy(Gpt& model, HeadOfCopy head = HeadOfCopy::as_it_is,
                               const std::optional<OnlineRotations>& rotations = {});

/// The parameters of a model by dotted name. The tensors are those of the model: who writes them changes it.
class NamedTensors {
 public:
  explicit NamedTensors(Gpt& model);

  /// Error (run) where the model has no such parameter.
  const Tensor& at(const std::string& name) const;
  /// Undefined where the model has no such parameter.
  Tensor find(const std::string& name) const;

 private:
  std::map<std::string, Tensor> tensors_;
};

}  // namespace octet
