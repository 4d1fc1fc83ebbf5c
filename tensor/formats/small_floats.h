#pragma once

#include <cstdint>

// The floating-point numbers of one byte in which formats keep scales.

namespace octet {

/// E8M0: eight bits of exponent and nothing else, the powers of two 2^(byte - 127); 255 is NaN.
/// Source: OCP Microscaling Formats (MX) v1.0, section 5.4.1.
float from_e8m0(std::uint8_t byte);

/// E4M3: a sign, four bits of exponent with bias 7, three of mantissa. Below 2^-6 the subnormal numbers are multiples
/// of 2^-9; the largest number is 448; there are no infinities, and 0x7F and 0xFF are NaN. Source: OCP 8-bit Floating
/// Point (OFP8) v1.0, section 5.
float from_e4m3(std::uint8_t byte);
/// The nearest, of two equally near ones the even; beyond 448 that, and of NaN 0x7F.
std::uint8_t to_e4m3(float value);

inline constexpr float kLargestE4m3 = 448.0F;

}  // namespace octet
