#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files/read_file.h"
#include "base/progress.h"
#include "io/safetensors_header.h"
#include "tensor/tensor.h"

namespace octet {

// Files of named tensors in the safetensors format (layout: io/safetensors_header.h), readable by every tool that knows
// it.
//
// Octet's files carry a checksum in their metadata. Under `octet_sha256` stands the SHA-256 of the header without that
// key (JSON, keys sorted, no spaces, not escaped to ASCII) followed by the data section. So it protects every name,
// dtype, shape, offset, metadata string and data byte; only how the JSON is spaced is free.

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

inline constexpr const char* kChecksumKey = "octet_sha256";

/// Says that the file was written with a checksum: without it, a damaged byte in the word `octet_sha256` would
/// make the file look like one of another tool that never had one.
inline constexpr const char* kVersionKey = "octet_version";

/// Writes the tensors through an AtomicFile without a second copy of contiguous ones; those of other devices are copied
/// to the CPU. Metadata gets `format: pt` (which Hugging Face's loader demands), the version and the checksum. The same
/// input gives the same bytes.
/// Progress is that of the bytes of large files. Errors: a name twice, empty or reserved, an undefined tensor; of
/// AtomicFile.
void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {}, ProgressSink& progress = no_progress());

/// The header alone, checked against the size of the file; the data is not read. Errors as SafetensorsFile.
SafetensorsHeader read_safetensors_header(const std::filesystem::path& path);

/// All tensors of a file, in memory of their own. Any file that breaks a rule of the format, has a dtype that
/// Tensor lacks, or fails its checksum is refused with ErrorKind::input, naming file and tensor.
class SafetensorsFile {
 public:
  static SafetensorsFile read(const std::filesystem::path& path);

  /// In the order of the file.
  const std::vector<std::string>& names() const { return names_; }
  bool contains(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  /// An error (input) that gives the nearest name if there is none such.
  const Tensor& at(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  SafetensorsFile() = default;

  std::filesystem::path path_;
  std::vector<std::string> names_;
  std::map<std::string, Tensor, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// A file whose tensors are read one by one, when they are asked for: for files of other tools that are larger than
/// what should be in memory at once. A checksum is not looked at. Errors as SafetensorsFile.
class SafetensorsReader {
 public:
  explicit SafetensorsReader(const std::filesystem::path& path);

  const SafetensorsHeader& header() const { return header_; }
  const std::filesystem::path& path() const { return file_->path(); }
  /// The data of an entry of `header()`, in memory of its own.
  Tensor read(const SafetensorsEntry& entry) const;

 private:
  std::unique_ptr<InputFile> file_;
  SafetensorsHeader header_;
};

}  // namespace octet
