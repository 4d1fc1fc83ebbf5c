#include "quant/error_stats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "tensor/formats/nibbles.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

constexpr std::int64_t kGrain = 1 << 16;  // elements of a part: the sums do not depend on the number of threads

/// Sums over a part of the elements.
struct ErrorSums {
  double signal = 0, noise = 0, max_abs = 0;
  std::int64_t zeros = 0, sign_flips = 0;

  void add(float x, float y) {
    const double difference = static_cast<double>(x) - static_cast<double>(y);
    signal += static_cast<double>(x) * static_cast<double>(x);
    noise += difference * difference;
    max_abs = std::max(max_abs, std::fabs(difference));
    zeros += x != 0.0F && y == 0.0F;
    sign_flips += x * y < 0.0F;
  }
  void add(const ErrorSums& other) {
    signal += other.signal;
    noise += other.noise;
    max_abs = std::max(max_abs, other.max_abs);
    zeros += other.zeros;
    sign_flips += other.sign_flips;
  }
};

ErrorSums sum_errors(std::span<const float> x, std::span<const float> y) {
  const auto count = static_cast<std::int64_t>(x.size());
  std::vector<ErrorSums> parts(static_cast<std::size_t>((count + kGrain - 1) / kGrain));
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    ErrorSums part;  // a local one: neighbours in `parts` share cache lines
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      part.add(x[i], y[i]);
    }
    parts[static_cast<std::size_t>(begin / kGrain)] = part;
  });
  ErrorSums sums;
  for (const ErrorSums& part : parts) {
    sums.add(part);
  }
  return sums;
}

std::int64_t count_clipped(std::span<const float> x, const Codes& codes) {
  const double lowest = codes.lowest_code() - 0.5, highest = codes.highest_code() + 0.5;
  const std::int64_t columns = codes.columns(), run = codes.columns_per_scale();
  std::vector<std::int64_t> clipped(static_cast<std::size_t>(codes.rows()));
  parallel_for(codes.rows(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::int64_t count = 0;
      for (std::int64_t first = 0; first < columns; first += run) {
        const auto scale = static_cast<double>(codes.scale(row, first / run));
        const auto minimum = static_cast<double>(codes.minimum(row, first / run));
        for (std::int64_t c = first; c < std::min(first + run, columns); ++c) {
          const double above = static_cast<double>(x[static_cast<std::size_t>(row * columns + c)]) - minimum;
          const double steps = above / scale;  // a scale may be negative
          count += steps < lowest || steps > highest;
        }
      }
      clipped[static_cast<std::size_t>(row)] = count;
    }
  });
  return std::accumulate(clipped.begin(), clipped.end(), std::int64_t{0});
}

std::int64_t count_levels(std::span<const std::int8_t> codes) {
  std::array<bool, 256> used{};
  for (const std::int8_t code : codes) {
    used[static_cast<std::uint8_t>(code)] = true;
  }
  return std::count(used.begin(), used.end(), true);
}

/// Of the weights x that a weight of 16 levels stores: how many levels occur, and how many x lie beyond the outermost
/// level by more than half of its distance to the next.
void count_in_codebook(std::span<const float> x, const CodebookWeight& weight, QuantizationError& error) {
  Levels levels = weight.levels();
  std::sort(levels.begin(), levels.end());
  const float low = levels[0] - 0.5F * (levels[1] - levels[0]), high = levels[15] + 0.5F * (levels[15] - levels[14]);
  const Tensor scales = from_half(weight.scales());
  const std::int64_t columns = weight.columns(), run = std::min(weight.block(), columns);
  std::array<bool, 16> used{};
  for (std::int64_t row = 0; row < weight.rows(); ++row) {
    const std::uint8_t* bytes = weight.nibbles().data<std::uint8_t>() + row * weight.nibbles().dim(1);
    for (std::int64_t c = 0; c < columns; ++c) {
      used[static_cast<std::size_t>(nibble_at(bytes, c))] = true;
      const float scaled =
          x[static_cast<std::size_t>(row * columns + c)] / scales.data<float>()[row * scales.dim(1) + c / run];
      error.clipped += scaled < low || scaled > high;
    }
  }
  error.levels_used = std::count(used.begin(), used.end(), true);
  error.levels_total = 16;
}

}  // namespace

QuantizationError quantization_error(const Tensor& original, const Tensor& restored) {
  check(original.shape() == restored.shape(), "[quantization_error] expected equal shapes, got {} and {}",
        original.shape(), restored.shape());
  const Tensor x = contiguous(original), y = contiguous(restored);
  const ErrorSums sums = sum_errors(x.span<float>(), y.span<float>());
  QuantizationError error;
  error.elements = original.elements();
  error.max_abs = sums.max_abs;
  error.zeros = sums.zeros;
  error.sign_flips = sums.sign_flips;
  error.mse = sums.noise / static_cast<double>(error.elements);
  error.snr_db =
      sums.noise == 0 ? std::numeric_limits<double>::infinity() : 10.0 * std::log10(sums.signal / sums.noise);
  return error;
}

QuantizationError quantization_error(const Tensor& original, const AnyWeight& stored) {
  QuantizationError error = quantization_error(original, dequantize(stored));
  const Tensor dense = contiguous(original);
  const std::span<const float> x = dense.span<float>();
  if (const auto* codebook = std::get_if<CodebookWeight>(&stored)) {
    count_in_codebook(x, *codebook, error);
  } else if (has_codes(stored)) {
    const Codes codes = codes_of(stored);
    error.clipped = count_clipped(x, codes);
    error.levels_used = count_levels(codes.codes.span<std::int8_t>());
    error.levels_total = codes.highest_code() - codes.lowest_code() + 1;
  }
  return error;
}

QuantizationError quantization_error(const Tensor& original, const QuantizedMatrix& stored) {
  const QuantizationError of_codes = quantization_error(original, stored.weight());
  if (stored.low_rank() == nullptr) {
    return of_codes;
  }
  QuantizationError error = quantization_error(original, stored.dequantized());
  error.clipped = of_codes.clipped;
  error.levels_used = of_codes.levels_used;
  error.levels_total = of_codes.levels_total;
  return error;
}

}  // namespace octet
