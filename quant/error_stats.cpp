#include "quant/error_stats.h"

#include <cmath>
#include <limits>
#include <set>

namespace octet {
namespace {

std::int64_t count_clipped(const std::vector<float>& x, const Codes& codes) {
  const double reach = largest_code(codes.bits) + 0.5;
  const std::int64_t columns = codes.columns(), run = codes.columns_per_scale();
  std::int64_t clipped = 0;
  for (std::int64_t row = 0; row < codes.rows(); ++row) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const double limit = reach * static_cast<double>(codes.scale(row, c / run));
      clipped += std::fabs(static_cast<double>(x[static_cast<std::size_t>(row * columns + c)])) > limit;
    }
  }
  return clipped;
}

}  // namespace

QuantizationError quantization_error(const Tensor& original, const Tensor& restored) {
  check(original.shape() == restored.shape(), "[quantization_error] expected equal shapes, got {} and {}",
        original.shape(), restored.shape());
  const std::vector<float> x = original.to_vector(), y = restored.to_vector();
  QuantizationError error;
  error.elements = original.elements();
  double signal = 0, noise = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    signal += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    noise += difference * difference;
    error.max_abs = std::max(error.max_abs, std::fabs(difference));
    error.zeros += x[i] != 0.0F && y[i] == 0.0F;
    error.sign_flips += x[i] * y[i] < 0.0F;
  }
  error.mse = noise / static_cast<double>(x.size());
  error.snr_db = noise == 0 ? std::numeric_limits<double>::infinity() : 10.0 * std::log10(signal / noise);
  return error;
}

QuantizationError quantization_error(const Tensor& original, const AnyWeight& stored) {
  QuantizationError error = quantization_error(original, dequantize(stored));
  if (has_codes(stored)) {
    const Codes codes = codes_of(stored);
    const auto values = codes.codes.span<std::int8_t>();
    error.clipped = count_clipped(original.to_vector(), codes);
    error.levels_used = static_cast<std::int64_t>(std::set<int>(values.begin(), values.end()).size());
    error.levels_total = 2 * largest_code(codes.bits) + 1;
  }
  return error;
}

}  // namespace octet
