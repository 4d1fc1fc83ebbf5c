#include "eval/experiments/attribution.h"

#include <map>

#include "eval/experiments/loss_slopes.h"
#include "eval/experiments/rounded_inputs.h"
#include "nn/layers/exchange.h"
#include "nn/layers/quantized_layer.h"
#include "quant/text_loss.h"

namespace octet {
namespace {

/// Loss of the FP32 model with the weights of one layer rounded, and its inputs as they are.
double loss_of_rounded_weights(Gpt& fp32, ChildSlot& slot, const QuantizedMatrix& matrix,
                               std::span<const Tensor> batches) {
  const auto low_rank = matrix.low_rank() != nullptr ? std::optional(*matrix.low_rank()) : std::nullopt;
  std::unique_ptr<Module> original =
      slot.replace(quantized_layer(slot.module(), matrix.weight(), Activations::weight_only, low_rank));
  const double loss = text_loss(fp32, batches);
  slot.replace(std::move(original));
  return loss;
}

/// Loss of the FP32 model with the inputs of one linear layer rounded as `matrix` rounds them, and its weights as they
/// are.
double loss_of_rounded_inputs(Gpt& fp32, ChildSlot& slot, const QuantizedMatrix& matrix,
                              std::span<const Tensor> batches) {
  const auto placeholder = [] { return std::make_unique<Linear>(1, 1, false); };  // a slot is never empty
  std::unique_ptr<Module> module = slot.replace(placeholder());
  auto wrapper = std::make_unique<RoundedInputs>(
      std::unique_ptr<LinearBase>(dynamic_cast<LinearBase*>(module.release())), matrix.activation_scheme());
  wrapper->to(fp32.device());
  RoundedInputs& rounded = *wrapper;
  slot.replace(std::move(wrapper));
  const double loss = text_loss(fp32, batches);
  std::unique_ptr<Module> original = rounded.layer.replace(placeholder());
  slot.replace(std::move(original));
  return loss;
}

/// The costs that are measured in the FP32 model with parts of one layer rounded.
void measure_parts(Gpt& fp32, double fp32_loss, ChildSlot& original, const QuantizedMatrix& matrix,
                   std::span<const Tensor> batches, LayerCost& cost) {
  cost.weights = loss_of_rounded_weights(fp32, original, matrix, batches) - fp32_loss;
  if (matrix.activations() == Activations::weight_only) {
    cost.inputs = 0;
  } else if (dynamic_cast<const LinearBase*>(&original.module()) != nullptr) {
    cost.inputs = loss_of_rounded_inputs(fp32, original, matrix, batches) - fp32_loss;
  }
}

/// The FP32 matrix of the layer in CPU memory.
Tensor matrix_of(const ChildSlot& slot) {
  if (const auto* linear = dynamic_cast<const Linear*>(&slot.module()))
    return linear->weight.value().to(DeviceKind::cpu);
  return dynamic_cast<const Embedding&>(slot.module()).weight.value().to(DeviceKind::cpu);
}

}  // namespace

Attribution attribute_loss(Gpt& fp32, Gpt& quantized, std::span<const Tensor> batches, ProgressSink& progress) {
  const std::map<std::string, ChildSlot*> originals = slots_of(fp32);
  std::vector<std::pair<std::string, ChildSlot*>> layers;  // of the quantized model
  quantized.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (quantized_matrix_of(slot.module()) != nullptr) {
      check(originals.contains(path), "[attribution] expected an FP32 model with a layer \"{}\", got one without",
            path);
      layers.emplace_back(path, &slot);
    }
  });
  Attribution result;
  const double fp32_loss = text_loss(fp32, batches), quantized_loss = text_loss(quantized, batches);
  result.total = quantized_loss - fp32_loss;
  result.remainder = result.total;
  for (const Tensor& ids : batches) result.tokens += ids.dim(0) * (ids.dim(1) - 1);

  const LossSlopes slopes(fp32, batches);
  ProgressUpdate update = {.task = "attribution", .unit = "layer", .rate_unit = "layers"};
  update.total = static_cast<std::int64_t>(layers.size());
  for (const auto& [path, slot] : layers) {
    progress.update(update);
    ChildSlot& original = *originals.at(path);
    const QuantizedMatrix& matrix = *quantized_matrix_of(slot->module());
    LayerCost cost = {.layer = path};
    measure_parts(fp32, fp32_loss, original, matrix, batches, cost);
    cost.predicted = slopes.predicted(path, matrix_of(original), dequantize(matrix.weight()));
    const Exchange exchange(original, *slot);
    cost.alone = text_loss(fp32, batches) - fp32_loss;
    cost.last = quantized_loss - text_loss(quantized, batches);
    result.remainder -= cost.alone;
    result.layers.push_back(std::move(cost));
    ++update.done;
  }
  progress.finish(update);
  return result;
}

}  // namespace octet
