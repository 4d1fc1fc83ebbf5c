#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace octet {

/// Bytes [begin, end) of a text.
struct TextRun {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t size() const { return end - begin; }
  friend bool operator==(const TextRun&, const TextRun&) = default;
};

/// Cuts text into blocks of about `block_bytes` (three quarters to five quarters, the last one up to three halves),
/// preferably after a blank line, else after a line, else after a space, else between two UTF-8 characters.
/// No block holds bytes of two files; `file_ends` is where each file ends.
std::vector<TextRun> cut_blocks(std::string_view text, std::span<const std::int64_t> file_ends,
                                std::int64_t block_bytes);

/// Who learns from which bytes. The three share no byte and are together the whole text.
struct TextSplit {
  std::vector<TextRun> train;
  std::vector<TextRun> calibration;
  std::vector<TextRun> test;
  std::size_t distinct_blocks = 0;  ///< blocks that differ in their bytes: what can be dealt out
};

/// Deals out blocks in the order of a hash of (seed, index): first to test until it has its fraction of the bytes,
/// then to calibration, the rest to train; test and calibration get one block at least. Where a text stands in
/// the file does not matter: the tail of a book differs from its head. Blocks side by side in the same part and
/// file are joined to one run.
/// Blocks with equal bytes are dealt as one: what is tested has not been learnt from a copy.
/// Nothing is left for train when blocks are fewer than three or the fractions too large: then `train` is empty.
TextSplit deal_blocks(std::string_view text, std::span<const TextRun> blocks, std::span<const std::int64_t> file_ends,
                      double calibration_fraction, double test_fraction, std::uint64_t seed);

}  // namespace octet
