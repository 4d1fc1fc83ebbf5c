#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace octet {

// An entropy coder: frequent codes take few bits and rare ones many, so that n codes of entropy H take little more than
// n H bits, and H may be any number. It is rANS, where everything written so far is one large number, the state x. Let
// f(s) be the frequency of code s, scaled so that all add up to M = 2^14, and F(s) the sum of those below s:
//
//     write s    x -> M floor(x / f(s)) + F(s) + x mod f(s)
//     read       s is the code with F(s) <= x mod M < F(s) + f(s);      x -> f(s) floor(x / M) + x mod M - F(s)
//
// Writing makes x larger by a factor of M / f(s), which is log2(M / f(s)) bits: the information of s. Bytes of x go out
// where it would become too large for 31 bits, and come back in when it is small. What was written last is read
// first, so the writer begins with the last code. It starts with x = 2^23; the reader must end with that.
//
// Source: Duda 2013, "Asymmetric numeral systems", https://arxiv.org/abs/1311.2540, section 2.3 (range variant).
//
// The bytes of some codes; none where there are no codes:
//
//     lowest code i8, highest code i8; where they are equal, no more
//     f of each code from the lowest to the highest, 7 bits a byte, the low ones first; bit 7 says that more follow
//     x after the last code was written u32, little-endian
//     the bytes that went out, in the order in which they are read

/// The bytes of `codes`.
std::vector<std::uint8_t> rans_encode(std::span<const std::int8_t> codes);

/// Fills `codes` with what `bytes` begin with, and returns the bytes behind that. Errors: (input) bytes that are no
/// such codes, or another number of them; never a read beyond the bytes. A change that makes one code another of the
/// same frequency is not seen: files have checksums.
std::span<const std::uint8_t> rans_decode(std::span<const std::uint8_t> bytes, std::span<std::int8_t> codes);

}  // namespace octet
