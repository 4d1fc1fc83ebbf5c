#include "io/gguf_encode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>

#include "tensor/formats/codebook_weight.h"
#include "tensor/half.h"

namespace octet {
namespace {

using Values = std::span<const float>;

constexpr float kLeast = 1e-20F;  // smaller ones are 0 in any block, since scales are in FP16

/// Writes `value` in FP16 and returns what it has become.
float put_f16(float value, std::uint8_t* at) {
  const Float16 half = to_float16(value);
  std::memcpy(at, &half, sizeof half);
  return to_float(half);
}

/// 1 / value, or 0 where that is no number: such a scale is 0 in FP16.
float inverse(float value) {
  const float result = 1.0F / value;
  return std::isfinite(result) ? result : 0.0F;
}

/// The integer part of a positive number, at most 15.
int four_bits(double value) {
  return value < 15.0 ? static_cast<int>(value) : 15;
}

/// The value of largest magnitude, the first of several.
float extreme(Values values) {
  float found = 0.0F;
  for (const float value : values) {
    if (std::abs(value) > std::abs(found)) found = value;
  }
  return found;
}

int rounded(float value, int lowest, int highest) {
  if (std::isnan(value)) return lowest;
  return static_cast<int>(std::clamp(std::nearbyint(value), static_cast<float>(lowest), static_cast<float>(highest)));
}

/// Two codes of four bits a byte: value j in the low one, value j + half in the high one.
template <typename Code>
void put_nibbles(int half, std::uint8_t* to, const Code& code) {
  for (int j = 0; j < half; ++j) to[j] = static_cast<std::uint8_t>(code(j) | code(j + half) << 4);
}

/// The place of the level nearest to x.
int nearest_level(float x) {
  const auto above = std::upper_bound(kTable4Levels.begin(), kTable4Levels.end(), x);
  const auto place = static_cast<int>(above - kTable4Levels.begin());
  if (place == 0) return 0;
  if (place == 16) return 15;
  return x - static_cast<float>(*(above - 1)) < static_cast<float>(*above) - x ? place - 1 : place;
}

/// The scale d with the least sum of (x - d level(x / d))^2 of those tried: d puts the value of largest magnitude on
/// `outermost` + i `step`, i = -tries .. tries, and is then fitted to its levels.
template <typename Level>
float search_scale(Values values, float outermost, float step, int tries, const Level& level) {
  const float largest = extreme(values);
  if (std::abs(largest) < kLeast) return 0.0F;
  float best = 0.0F;
  double best_gain = 0.0;  // of squared error, compared with all zeros
  for (int i = -tries; i <= tries; ++i) {
    const float inverse_scale = (outermost + static_cast<float>(i) * step) / largest;
    double with_values = 0.0, with_itself = 0.0;
    for (const float value : values) {
      const double q = level(value * inverse_scale);
      with_values += q * value;
      with_itself += q * q;
    }
    if (with_itself > 0.0 && with_values * with_values > best_gain * with_itself) {
      best_gain = with_values * with_values / with_itself;
      best = static_cast<float>(with_values / with_itself);
    }
  }
  return best;
}

struct StepAndMinimum {
  float step = 0.0F;
  float minimum = 0.0F;  // at most 0
};

/// Step and minimum of codes 0 .. 15 with the least squared error of those tried. Each try begins from the best minimum
/// so far.
StepAndMinimum search_step(Values values) {
  constexpr int kTries = 20;
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  const float minimum = std::min(*lowest, 0.0F), range = *highest - minimum;
  if (range < kLeast || std::isinf(range)) return {std::isinf(range) ? range : 0.0F, minimum};
  StepAndMinimum best = {0.0F, minimum};
  double best_error = -1.0;
  for (int i = 0; i <= kTries; ++i) {
    const float inverse_step = (14.0F + 0.1F * static_cast<float>(i)) / (*highest - best.minimum);
    double q1 = 0.0, q2 = 0.0, x1 = 0.0, x2 = 0.0, qx = 0.0;
    for (const float value : values) {
      const double q = rounded((value - best.minimum) * inverse_step, 0, 15), x = value;
      q1 += q;
      q2 += q * q;
      x1 += x;
      x2 += x * x;
      qx += q * x;
    }
    const double count = static_cast<double>(values.size()), spread = count * q2 - q1 * q1;
    if (spread <= 0.0) continue;
    double step = (count * qx - q1 * x1) / spread, base = (x1 - step * q1) / count;
    if (base > 0.0) {
      base = 0.0;
      step = qx / q2;
    }
    const double error =
        x2 - 2 * step * qx - 2 * base * x1 + step * step * q2 + 2 * step * base * q1 + count * base * base;
    if (step > 0.0 && (best_error < 0.0 || error < best_error)) {
      best_error = error;
      best = {static_cast<float>(step), static_cast<float>(base)};
    }
  }
  return best;
}

/// Step and minimum of a group of Q4_K as multiples of d and m.
struct GroupCodes {
  int step = 0;
  int minimum = 0;
};

/// Those of the multiples nearest to `wanted`, and beside them, that leave the least squared error.
GroupCodes round_group(Values values, const StepAndMinimum& wanted, float d, float m) {
  const int step = rounded(wanted.step * inverse(d), 0, 63), minimum = rounded(-wanted.minimum * inverse(m), 0, 63);
  GroupCodes best = {step, minimum};
  double best_error = -1.0;
  for (int s = std::max(step - 1, 0); s <= std::min(step + 1, 63); ++s) {
    for (int b = std::max(minimum - 1, 0); b <= std::min(minimum + 1, 63); ++b) {
      const float width = d * static_cast<float>(s), base = m * static_cast<float>(b), inverse_width = inverse(width);
      double error = 0.0;
      for (const float value : values) {
        const auto code = static_cast<float>(rounded((value + base) * inverse_width, 0, 15));
        error += std::pow(static_cast<double>(width * code - base - value), 2);
      }
      if (best_error < 0.0 || error < best_error) {
        best_error = error;
        best = {s, b};
      }
    }
  }
  return best;
}

}  // namespace

void encode_f32(const float* from, std::int64_t blocks, std::uint8_t* to) {
  std::memcpy(to, from, static_cast<std::size_t>(blocks) * sizeof(float));
}

void encode_f16(const float* from, std::int64_t blocks, std::uint8_t* to) {
  for (std::int64_t i = 0; i < blocks; ++i) put_f16(from[i], to + 2 * i);
}

void encode_bf16(const float* from, std::int64_t blocks, std::uint8_t* to) {
  for (std::int64_t i = 0; i < blocks; ++i) {
    const BFloat16 value = to_bfloat16(from[i]);
    std::memcpy(to + 2 * i, &value, sizeof value);
  }
}

void encode_q8_0(const float* from, std::int64_t blocks, std::uint8_t* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 32, to += 34) {
    const float d = std::abs(extreme({from, 32})) / 127.0F, id = inverse(d);
    put_f16(d, to);
    for (int j = 0; j < 32; ++j)
      to[2 + j] = static_cast<std::uint8_t>(static_cast<std::int8_t>(std::round(from[j] * id)));
  }
}

void encode_q4_0(const float* from, std::int64_t blocks, std::uint8_t* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 32, to += 18) {
    const float d = extreme({from, 32}) / -8.0F;
    const double id = inverse(d);
    put_f16(d, to);
    put_nibbles(16, to + 2, [&](int j) { return four_bits(from[j] * id + 8.5); });
  }
}

void encode_q4_1(const float* from, std::int64_t blocks, std::uint8_t* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 32, to += 20) {
    const auto [lowest, highest] = std::minmax_element(from, from + 32);
    const float m = *lowest, d = (*highest - m) / 15.0F, id = inverse(d);
    put_f16(d, to);
    put_f16(m, to + 2);
    put_nibbles(16, to + 4, [&](int j) { return four_bits((from[j] - m) * id + 0.5F); });
  }
}

void encode_iq4_nl(const float* from, std::int64_t blocks, std::uint8_t* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 32, to += 18) {
    const auto level = [](float x) { return kTable4Levels[static_cast<std::size_t>(nearest_level(x))]; };
    const float id = inverse(put_f16(search_scale({from, 32}, kTable4Levels[0], 1.0F, 7, level), to));
    put_nibbles(16, to + 2, [&](int j) { return nearest_level(from[j] * id); });
  }
}

void encode_q4_k(const float* from, std::int64_t blocks, std::uint8_t* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 256, to += 144) {
    std::array<StepAndMinimum, 8> groups;
    float largest_step = 0.0F, largest_minimum = 0.0F;
    for (std::size_t g = 0; g < 8; ++g) {
      groups[g] = search_step({from + 32 * g, 32});
      largest_step = std::max(largest_step, groups[g].step);
      largest_minimum = std::max(largest_minimum, -groups[g].minimum);
    }
    const float d = put_f16(largest_step / 63.0F, to), m = put_f16(largest_minimum / 63.0F, to + 2);
    std::uint8_t* packed = to + 4;
    std::memset(packed, 0, 12);
    std::array<std::array<int, 32>, 8> codes{};
    for (std::size_t g = 0; g < 8; ++g) {
      const auto [step, minimum] = round_group({from + 32 * g, 32}, groups[g], d, m);
      if (g < 4) {
        packed[g] |= static_cast<std::uint8_t>(step);
        packed[g + 4] |= static_cast<std::uint8_t>(minimum);
      } else {
        packed[g + 4] = static_cast<std::uint8_t>((step & 15) | (minimum & 15) << 4);
        packed[g - 4] |= static_cast<std::uint8_t>(step >> 4 << 6);
        packed[g] |= static_cast<std::uint8_t>(minimum >> 4 << 6);
      }
      const float id = inverse(d * static_cast<float>(step)), base = m * static_cast<float>(minimum);
      for (std::size_t j = 0; j < 32; ++j) codes[g][j] = rounded((from[32 * g + j] + base) * id, 0, 15);
    }
    for (std::size_t g = 0; g < 8; g += 2) {
      for (std::size_t j = 0; j < 32; ++j) {
        to[16 + 16 * g + j] = static_cast<std::uint8_t>(codes[g][j] | codes[g + 1][j] << 4);
      }
    }
  }
}

void encode_q6_k(const float* from, std::int64_t blocks, std::uint8_t* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 256, to += 210) {
    std::array<float, 16> scales{};
    for (std::size_t g = 0; g < 16; ++g) {
      const auto level = [](float x) { return rounded(x, -32, 31); };
      scales[g] = search_scale({from + 16 * g, 16}, -32.0F, 0.1F, 9, level);
    }
    const float d = put_f16(extreme(scales) / -128.0F, to + 208);
    std::array<int, 256> codes{};
    for (std::size_t g = 0; g < 16; ++g) {
      const int scale = rounded(scales[g] * inverse(d), -128, 127);
      to[192 + g] = static_cast<std::uint8_t>(static_cast<std::int8_t>(scale));
      const float id = inverse(d * static_cast<float>(scale));
      for (std::size_t j = 0; j < 16; ++j) codes[16 * g + j] = rounded(from[16 * g + j] * id, -32, 31) + 32;
    }
    for (std::size_t half = 0; half < 2; ++half) {
      const int* q = codes.data() + 128 * half;
      for (std::size_t j = 0; j < 32; ++j) {
        to[64 * half + j] = static_cast<std::uint8_t>((q[j] & 15) | (q[j + 64] & 15) << 4);
        to[64 * half + 32 + j] = static_cast<std::uint8_t>((q[j + 32] & 15) | (q[j + 96] & 15) << 4);
        to[128 + 32 * half + j] =
            static_cast<std::uint8_t>(q[j] >> 4 | q[j + 32] >> 4 << 2 | q[j + 64] >> 4 << 4 | q[j + 96] >> 4 << 6);
      }
    }
  }
}

}  // namespace octet
