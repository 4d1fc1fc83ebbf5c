#include "eval/experiments/simulated_linear.h"

#include <vector>

#include "eval/outliers/outlier_impact.h"
#include "nn/layers/quantized_linear.h"
#include "quant/absmax.h"
#include "tensor/formats/int8_weight.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

constexpr int kBits = 8;

/// max|x_j| / 127 of each channel j; 1 where a channel was always 0.
Tensor channel_scales(const ChannelRange& range) {
  std::vector<float> scales;
  for (std::int64_t j = 0; j < range.channels(); ++j) {
    const float largest = range.largest(j);
    scales.push_back(largest > 0 ? largest / static_cast<float>(largest_code(kBits)) : 1.0F);
  }
  return Tensor::from(scales, {range.channels()});
}

}  // namespace

InputRounding rounding_of(ActivationGrain grain, const Tensor& scales) {
  if (grain == ActivationGrain::tensor) {
    return [](const Tensor& x) { return dequantize(absmax_quantize(x, kBits, Granularity::per_tensor)); };
  }
  return [scales](const Tensor& x) {
    return channels_first(dequantize(round_to_codes(channels_first(x), scales, kBits, Granularity::per_channel)));
  };
}

SimulatedLinear::SimulatedLinear(std::unique_ptr<LinearBase> inner, InputRounding rounding)
    : layer(*this, "layer", std::move(inner)), rounding_(std::move(rounding)) {}

Tensor SimulatedLinear::forward(const LayerInput& input, const Epilogue& epilogue) {
  const Tensor rows = contiguous(reshape(input.x, {-1, in_features()}));
  const auto sizes = input.x.shape().sizes();
  return layer(reshape(rounding_(rows), {sizes.begin(), sizes.end()}), epilogue);
}

std::vector<std::pair<std::string, ChildSlot*>> linear_slots(Gpt& model) {
  std::vector<std::pair<std::string, ChildSlot*>> slots;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (dynamic_cast<Linear*>(&slot.module()) != nullptr) {
      slots.emplace_back(path, &slot);
    }
  });
  return slots;
}

void simulate_rounding(ChildSlot& slot, InputRounding rounding) {
  std::unique_ptr<Module> layer = slot.replace(std::make_unique<Linear>(1, 1, false));  // a slot is never empty
  slot.replace(std::make_unique<SimulatedLinear>(
      std::unique_ptr<LinearBase>(dynamic_cast<LinearBase*>(layer.release())), std::move(rounding)));
}

void simulate_activations(Gpt& model, ActivationGrain grain, const Calibration& calibration) {
  for (const auto& [path, slot] : linear_slots(model)) {
    const auto& linear = dynamic_cast<const Linear&>(slot->module());
    Codes codes = absmax_quantize(linear.weight.value(), kBits, Granularity::per_channel);
    auto layer = QuantizedLinear::from_linear(linear, Int8Weight(std::move(codes)), Activations::weight_only);
    const Tensor scales = grain == ActivationGrain::channel ? channel_scales(calibration.of(path).channels) : Tensor();
    slot->replace(std::make_unique<SimulatedLinear>(std::move(layer), rounding_of(grain, scales)));
  }
}

}  // namespace octet
