#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace octet {

/// Where one tensor lies: bytes [begin, end) of the data section.
struct SafetensorsEntry {
  std::string name;
  DType dtype;
  Shape shape;
  std::uint64_t begin;
  std::uint64_t end;
};

/// The JSON header of a safetensors file, and the rules it must keep.
///
/// File layout: u64 little-endian N; N bytes of JSON that start with `{` and may end in spaces; the data section.
/// JSON: name -> {"dtype", "shape", "data_offsets": [begin, end]}, and "__metadata__": strings by string.
/// The entries cover the data section exactly: no hole, no overlap, nothing after the last.
/// Source: https://github.com/huggingface/safetensors, README.
struct SafetensorsHeader {
  static constexpr std::uint64_t kMaxBytes = 100'000'000;

  std::vector<SafetensorsEntry> entries;  ///< in the order of their data
  std::map<std::string, std::string> metadata;

  std::uint64_t data_bytes() const { return entries.empty() ? 0 : entries.back().end; }
};

/// Puts entries in the order of the reference writer (widest dtype first, then by name) and gives them their offsets.
void lay_out(SafetensorsHeader& header);

/// The JSON, padded with spaces so that the data section begins at a multiple of 8.
std::string header_text(const SafetensorsHeader& header);

/// Parses and checks a header for a data section of `data_bytes`. Errors (input) start with `where`, the file, and name
/// the tensor.
SafetensorsHeader parse_header(std::string_view text, std::uint64_t data_bytes, std::string_view where);

/// What the checksum covers besides the data: the header without the checksum itself, as JSON with sorted keys and no
/// spaces.
std::string canonical_text(const SafetensorsHeader& header);

}  // namespace octet
