// One matrix in every granularity, with and without an outlier: why scales for smaller parts help.
#include <cstdio>

#include "base/random.h"
#include "quant/absmax.h"
#include "quant/error_stats.h"

using namespace octet;

namespace {

constexpr std::int64_t kRows = 64, kColumns = 256, kPlace = 5 * kColumns + 7;  // of the outlier: row 5, column 7

/// Signal to noise in decibels (6 are one bit) of all values but one after rounding to `bits`, where that one is
/// `outlier`.
double snr(const Tensor& values, float outlier, int bits, Granularity granularity, std::int64_t group) {
  Tensor weight = values.clone();
  weight.data<float>()[kPlace] = outlier;
  Tensor restored = dequantize(absmax_quantize(weight, bits, granularity, group));
  weight.data<float>()[kPlace] = restored.data<float>()[kPlace] = 0.0F;
  return quantization_error(weight, restored).snr_db;
}

}  // namespace

int main() {
  Tensor weight = Tensor::empty({kRows, kColumns});
  const Random random(1);
  for (std::int64_t i = 0; i < kRows * kColumns; ++i) {
    weight.data<float>()[i] = random.normal(static_cast<std::uint64_t>(i));
  }
  std::printf("signal to noise in dB          normal values    the same beside one outlier of 100\n");
  for (const int bits : {8, 4}) {
    const auto print = [&](const char* name, Granularity granularity, std::int64_t group) {
      std::printf("int%d, %-24s %12.1f %20.1f\n", bits, name, snr(weight, 1.0F, bits, granularity, group),
                  snr(weight, 100.0F, bits, granularity, group));
    };
    print("one scale", Granularity::per_tensor, 0);
    print("a scale per row", Granularity::per_channel, 0);
    print("a scale per 32 columns", Granularity::per_group, 32);
  }
}
