#pragma once

#include <cstdint>

namespace octet {

// Values to blocks of GGUF, the inverse of the decoders of io/gguf_types.h: `blocks` blocks of `from` are written to
// `to`. Values must be finite. A scale that FP16 does not hold becomes infinite, so that decoding shows it.
//
// As by the reference of ggml, bit for bit, where scales follow from extremes:
//
//     Q8_0   d = max|x| / 127                       q = round(x / d), halves away from zero
//     Q4_0   d = (x of the largest |x|) / -8        q = min(15, floor(x / d + 8.5))
//     Q4_1   d = (max - min) / 15, m = min          q = min(15, floor((x - m) / d + 0.5))
//
// Codes are those of d before it is rounded to FP16. Where scales are searched, by the least sum of squared errors
// (the reference weighs them by x^2), and codes are nearest to the scales as they are stored:
//
//     IQ4_NL  15 scales near the one that puts the value of largest magnitude on the outermost level; for the codes of
//             each, the best scale is sum(x q) / sum(q^2)
//     Q6_K    the same with 19 scales for each 16 values; then d = (the largest of them) / -128, and one byte each
//     Q4_K    21 steps for each 32 values; for the codes of each, step and minimum by linear regression, the minimum
//             at most 0; then both with 6 bits, the best of the nearest and their neighbours
//
// Source: ggml (MIT), ggml-quants.c; Python package gguf, quants.py.

void encode_f32(const float* from, std::int64_t blocks, std::uint8_t* to);
void encode_f16(const float* from, std::int64_t blocks, std::uint8_t* to);
void encode_bf16(const float* from, std::int64_t blocks, std::uint8_t* to);
void encode_q8_0(const float* from, std::int64_t blocks, std::uint8_t* to);
void encode_q4_0(const float* from, std::int64_t blocks, std::uint8_t* to);
void encode_q4_1(const float* from, std::int64_t blocks, std::uint8_t* to);
void encode_iq4_nl(const float* from, std::int64_t blocks, std::uint8_t* to);
void encode_q4_k(const float* from, std::int64_t blocks, std::uint8_t* to);
void encode_q6_k(const float* from, std::int64_t blocks, std::uint8_t* to);

}  // namespace octet
