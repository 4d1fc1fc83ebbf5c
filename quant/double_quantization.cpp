#include "quant/double_quantization.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "quant/scales.h"
#include "tensor/half.h"

namespace octet {
namespace {

float scale_of(float mean, int code, float step) {
  return to_float(to_float16(mean + static_cast<float>(code) * step));
}

}  // namespace

BlockScales double_quantize(const Tensor& scales) {
  const std::span<const float> values = scales.span<float>();
  const auto count = static_cast<std::int64_t>(values.size());
  check(std::all_of(values.begin(), values.end(), [](float scale) { return scale >= 0.0F; }),
        "[double quantization] expected scales that are not negative");
  const auto positive = static_cast<double>(count - std::count(values.begin(), values.end(), 0.0F));
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  const float mean = positive == 0.0 ? 1.0F : static_cast<float>(sum / positive);
  BlockScales result{ScaleCoding::double_quantized, Tensor::empty(scales.shape(), DType::i8),
                     Tensor::empty({(count + kCodesPerStep - 1) / kCodesPerStep}), Tensor::full({1}, mean)};
  for (std::int64_t first = 0; first < count; first += kCodesPerStep) {
    const std::int64_t last = std::min(first + kCodesPerStep, count);
    std::vector<float> above(values.begin() + first, values.begin() + last);
    for (float& value : above) {
      value = value == 0.0F ? 0.0F : value - mean;
    }
    const float largest = largest_magnitude(above), step = largest / 127.0F;
    result.steps.data<float>()[first / kCodesPerStep] = step;
    for (std::int64_t i = first; i < last; ++i) {
      const float exact = step > 0.0F ? above[static_cast<std::size_t>(i - first)] / step : 0.0F;
      auto code = static_cast<int>(std::clamp(std::nearbyint(exact), -127.0F, 127.0F));
      while (scale_of(mean, code, step) <= 0.0F && code < 127) {
        ++code;
      }
      result.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(code);
    }
  }
  return result;
}

}  // namespace octet
