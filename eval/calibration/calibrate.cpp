#include "eval/calibration/calibrate.h"

#include "eval/calibration/observe.h"
#include "eval/score/window_batches.h"

namespace octet {

InputScales calibrate(Gpt& model, std::vector<Window> windows, const Calibration& calibration,
                      std::int64_t batch_tokens) {
  check(!windows.empty(), "[calibration] expected at least one window of text, got none");
  const std::vector<Window> picked = pick_windows(std::move(windows), calibration.windows);
  std::map<std::string, InputRange> ranges;
  observe_inputs(model, picked, batch_tokens, [&](const std::string& path, const Tensor& x) {
    try {
      const Tensor dense = x.is_contiguous() ? x : x.clone();
      ranges[path].add(dense.span<float>());
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("layer \"{}\": {}", path, error.what()));
    }
  });
  InputScales scales;
  for (const auto& [path, range] : ranges) {
    scales[path] = range.scale(calibration.percentile);
  }
  return scales;
}

}  // namespace octet
