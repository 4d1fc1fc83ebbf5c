#include "nn/export/full_weights.h"

#include "nn/layers/quantized_layer.h"

namespace octet {

std::map<std::string, FullWeight> full_weights(Gpt& model) {
  std::map<std::string, FullWeight> weights;
  for (const auto& [path, parameter] : model.parameters()) {
    weights[path] = {parameter->value().to(DeviceKind::cpu), "f32"};
  }
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
    if (matrix != nullptr) weights[path + ".weight"] = {matrix->dequantized(), describe(matrix->weight())};
  });
  return weights;
}

}  // namespace octet
