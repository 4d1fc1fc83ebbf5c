#include "tensor/formats/small_floats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace octet {

float from_e8m0(std::uint8_t byte) {
  return byte == 255 ? std::numeric_limits<float>::quiet_NaN() : std::ldexp(1.0F, byte - 127);
}

float from_e4m3(std::uint8_t byte) {
  const int exponent = byte >> 3 & 15, mantissa = byte & 7;
  if (exponent == 15 && mantissa == 7) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                                        : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
  return (byte & 0x80) != 0 ? -magnitude : magnitude;
}

std::uint8_t to_e4m3(float value) {
  if (std::isnan(value)) {
    return 0x7F;
  }
  const int sign = std::signbit(value) ? 0x80 : 0;
  const float magnitude = std::min(std::fabs(value), kLargestE4m3);
  // Numbers of one exponent e are multiples of 2^(e - 3); those below 2^-6 are like those above it.
  const int exponent = magnitude < 0x1p-6F ? -6 : std::ilogb(magnitude);
  const auto steps = static_cast<int>(std::nearbyint(std::ldexp(magnitude, 3 - exponent)));
  return static_cast<std::uint8_t>(sign | ((exponent + 6) * 8 + steps));
}

}  // namespace octet
