#pragma once

#include <cstdint>

#include "base/anywhere.h"

// The code of trellis weights (tensor/formats/trellis_weight.h), as the CPU and a GPU compute it. In an anonymous
// namespace for the reason given in tensor/cpu/kernels/math.h.

namespace octet {
namespace {

/// A state is a window of so many bits.
constexpr int kTrellisStateBits = 12;
constexpr std::uint32_t kTrellisStateMask = (1U << kTrellisStateBits) - 1;
/// A sum of four random bytes is nearly normal: its mean is 510, its standard deviation 147.8.
constexpr int kTrellisMean = 510;
constexpr float kTrellisUnit = 128.0F;
/// The bits of 2^16 as FP32. Its mantissa counts in units of 2^-7 = 1 / 128, so that a sum of bytes added to these bits
/// makes the number 2^16 + sum / 128, and one subtraction the level: a conversion costs nothing.
constexpr std::uint32_t kTrellisMagic = 0x47800000U;
constexpr float kTrellisZero = 65536.0F + static_cast<float>(kTrellisMean) / kTrellisUnit;

constexpr std::uint32_t kTrellisFactor = 34038481U, kTrellisAddend = 76625530U;

/// The bits whose bytes are added up.
OCTET_ANYWHERE constexpr std::uint32_t trellis_hash(std::uint32_t state) {
  return kTrellisFactor * state + kTrellisAddend;
}

/// (sum of the four bytes of (34038481 state + 76625530 mod 2^32) - 510) / 128: the value of a state without its scale.
/// Source: Tseng et al. 2024, "QTIP", https://arxiv.org/abs/2406.11235, section 3.1.1 (the code 1MAD, which divides by
/// 147.8; here that is part of the scale, and a power of two in its place makes the division exact).
OCTET_ANYWHERE constexpr float trellis_level(std::uint32_t state) {
  const std::uint32_t bits = trellis_hash(state);
  const std::uint32_t sum = (bits & 0xFFU) + (bits >> 8 & 0xFFU) + (bits >> 16 & 0xFFU) + (bits >> 24);
  return static_cast<float>(static_cast<std::int32_t>(sum) - kTrellisMean) / kTrellisUnit;
}

}  // namespace
}  // namespace octet
