#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/files/atomic_file.h"
#include "io/gguf_types.h"
#include "tensor/shape.h"

namespace octet {

/// A value under a key, in the type that the file has for it: u32, f32, bool, string, arrays of strings, of i32.
using GgufWritten =
    std::variant<std::uint32_t, float, bool, std::string, std::vector<std::string>, std::vector<std::int32_t>>;
using GgufKeys = std::vector<std::pair<std::string, GgufWritten>>;

/// A tensor that a file is to hold.
struct GgufEntry {
  std::string name;
  Shape shape;  ///< outermost dimension first
  const GgufType* type;

  std::uint64_t bytes() const { return static_cast<std::uint64_t>(shape.elements() / type->values * type->bytes); }
};

/// Writes a GGUF file (layout: io/gguf.h) through an AtomicFile: keys and the list of tensors at once, then the data of
/// one tensor after the other, so that no more than one is in memory.
class GgufWriter {
 public:
  /// Errors (run): a key twice; names of tensors that are empty, longer than 63 bytes or there twice; rows that are no
  /// multiple of the values of a block.
  GgufWriter(const std::filesystem::path& path, const GgufKeys& keys, std::vector<GgufEntry> tensors);

  /// The data of the next tensor of the list. Error (run) where it has other bytes.
  void append(std::span<const std::uint8_t> data);
  /// Error (run) where tensors are missing.
  void commit();

 private:
  AtomicFile file_;
  std::vector<GgufEntry> tensors_;
  std::size_t next_ = 0;
};

}  // namespace octet
