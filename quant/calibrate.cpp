#include "quant/calibrate.h"

#include "nn/observe.h"

namespace octet {

Calibration calibrate(Gpt& model, std::span<const Tensor> batches) {
  check(!batches.empty(), "[calibration] expected at least one batch of text, got none");
  Calibration calibration{.layers = {}, .batches = {batches.begin(), batches.end()}};
  observe_inputs(model, batches, [&](const std::string& path, const Tensor& x) {
    try {
      const Tensor dense = x.is_contiguous() ? x : x.clone();
      LayerInputs& inputs = calibration.layers[path];
      inputs.range.add(dense.span<float>());  // refuses what is not finite
      inputs.channels.add(dense.span<float>(), dense.dim(-1));
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("layer \"{}\": {}", path, error.what()));
    }
  });
  return calibration;
}

}  // namespace octet
