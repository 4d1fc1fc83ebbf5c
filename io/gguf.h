#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/files/read_file.h"
#include "io/gguf_types.h"
#include "tensor/tensor.h"

namespace octet {

// Files of llama.cpp. Little-endian, version 3:
//
//     "GGUF", u32 version, u64 tensors, u64 keys
//     for each key:     string key, u32 type, value
//     for each tensor:  string name, u32 rank, u64 sizes[rank] (innermost first), u32 type, u64 offset
//     zeros up to a multiple of `general.alignment` (32 where it is not said), then the data of the tensors, each
//     beginning at such a multiple, in the order of the list and without holes
//
// A string is u64 bytes and the bytes. Types of values: 0 u8, 1 i8, 2 u16, 3 i16, 4 u32, 5 i32, 6 f32, 7 bool, 8
// string, 9 array (u32 type, u64 count, values; not of arrays), 10 u64, 11 i64, 12 f64. Source:
// https://github.com/ggml-org/ggml, docs/gguf.md and src/gguf.cpp.

inline constexpr std::uint32_t kGgufVersion = 3;
inline constexpr std::size_t kMostGgufNameBytes = 63;  ///< of a tensor: what ggml has room for

/// A value under a key. Integers of any width are std::int64_t, where they fit.
using GgufValue = std::variant<std::int64_t, double, bool, std::string, std::vector<std::int64_t>, std::vector<double>,
                               std::vector<std::string>>;

struct GgufTensor {
  std::string name;
  Shape shape;  ///< outermost dimension first
  const GgufType* type;
  std::uint64_t offset;  ///< from the start of the data
  std::uint64_t bytes;
};

/// The keys of a file and its list of tensors, whose data are read when they are asked for.
///
/// Any file that breaks a rule above is refused with ErrorKind::input, naming the file and the key or tensor, and with
/// little memory asked for before it is known that the file is long enough.
class GgufFile {
 public:
  explicit GgufFile(const std::filesystem::path& path);

  std::string where() const { return file_->path().string(); }
  const std::map<std::string, GgufValue>& values() const { return values_; }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }

  /// The value of a key. Errors (input) where it is missing or of another type; a number for an integer is none.
  std::int64_t integer(const std::string& key) const;
  double number(const std::string& key) const;
  const std::string& text(const std::string& key) const;
  const std::vector<std::string>& texts(const std::string& key) const;
  const std::vector<std::int64_t>& integers(const std::string& key) const;
  std::optional<std::int64_t> optional_integer(const std::string& key) const;
  std::optional<bool> optional_flag(const std::string& key) const;
  bool contains(const std::string& key) const { return values_.contains(key); }

  /// The tensor as it is stored.
  std::vector<std::uint8_t> read_bytes(const GgufTensor& tensor) const;
  /// The tensor as FP32 in its shape. Error (input) for a type that cannot be read.
  Tensor read(const GgufTensor& tensor) const;

 private:
  template <typename T>
  const T& expect(const std::string& key) const;

  std::unique_ptr<InputFile> file_;
  std::map<std::string, GgufValue> values_;
  std::vector<GgufTensor> tensors_;
  std::uint64_t data_start_ = 0;
};

}  // namespace octet
