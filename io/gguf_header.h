#pragma once

#include "io/gguf.h"

namespace octet {

/// All of a GGUF file but the data (layout: io/gguf.h).
struct GgufHeader {
  std::map<std::string, GgufValue> values;
  std::vector<GgufTensor> tensors;
  std::uint64_t data_start = 0;
};

/// Reads and checks it, against the size of the file too. Errors (input) begin with the path.
GgufHeader read_gguf_header(const InputFile& file);

}  // namespace octet
