#include "quant/calibrate.h"

#include "base/sha256.h"
#include "nn/observe.h"

namespace octet {

std::string Calibration::sha256() const {
  Sha256 hash;
  for (const Tensor& ids : batches) {
    hash.update(ids.data<std::int32_t>(), ids.bytes());
  }
  return batches.empty() ? "" : hash.hex();
}

Calibration calibrate(Gpt& model, std::span<const Tensor> batches) {
  check(!batches.empty(), "[calibration] expected at least one batch of text, got none");
  Calibration calibration{.layers = {}, .batches = {batches.begin(), batches.end()}};
  observe_inputs(model, batches, [&](const std::string& path, const Tensor& x) {
    try {
      const Tensor dense = x.is_contiguous() ? x : x.clone();
      LayerInputs& inputs = calibration.layers[path];
      const std::size_t window = dense.elements() / dense.dim(0);
      for (std::int64_t b = 0; b < dense.dim(0); ++b) {
        inputs.range.add(dense.span<float>().subspan(b * window, window));  // refuses what is not finite
      }
      inputs.channels.add(dense.span<float>(), dense.dim(-1));
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("layer \"{}\": {}", path, error.what()));
    }
  });
  return calibration;
}

}  // namespace octet
