#include "io/safetensors.h"

#include <bit>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/read_file.h"
#include "base/nearest.h"
#include "base/sha256.h"

namespace octet {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

std::string_view bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.raw_data()), tensor.bytes()};
}

/// Contiguous tensors by name, after checking that they can be written.
std::map<std::string, Tensor> checked(std::span<const NamedTensor> tensors) {
  std::map<std::string, Tensor> result;
  for (const auto& [name, tensor] : tensors) {
    check(!name.empty() && name != "__metadata__", "[safetensors] expected a tensor name, got '{}'", name);
    check(tensor.defined(), "[safetensors] expected a tensor for '{}', got an undefined one", name);
    const Tensor dense = tensor.is_contiguous() ? tensor : tensor.clone();
    const bool fresh = result.emplace(name, dense.to(DeviceKind::cpu)).second;
    check(fresh, "[safetensors] expected each name once, got '{}' twice", name);
  }
  return result;
}

/// How much of a file is written, where it is large enough to take a while. Each byte is seen twice: first for the
/// checksum.
class WriteProgress {
 public:
  explicit WriteProgress(ProgressSink& sink) : sink_(&sink) {}

  void begin(const SafetensorsHeader& header) {
    constexpr std::uint64_t kLarge = 64 << 20;
    if (header.data_bytes() < kLarge) sink_ = &no_progress();
    update_.total = mebibytes(2 * header.data_bytes());
    sink_->update(update_);
  }
  void add(std::size_t bytes) {
    bytes_ += bytes;
    update_.done = mebibytes(bytes_);
    sink_->update(update_);
  }
  void finish() { sink_->finish(update_); }

 private:
  static std::int64_t mebibytes(std::uint64_t bytes) { return static_cast<std::int64_t>(bytes >> 20); }

  ProgressSink* sink_;
  std::uint64_t bytes_ = 0;
  ProgressUpdate update_{.task = "write", .unit = "MiB", .rate_unit = "MiB"};
};

SafetensorsHeader header_of(const std::map<std::string, Tensor>& tensors,
                            const std::map<std::string, std::string>& metadata, WriteProgress& progress) {
  SafetensorsHeader header;
  for (const auto& [name, tensor] : tensors) {
    header.entries.push_back({name, tensor.dtype(), tensor.shape(), 0, 0});
  }
  lay_out(header);
  header.metadata = metadata;
  header.metadata["format"] = "pt";
  header.metadata[kVersionKey] = "1";
  Sha256 digest;
  digest.update(canonical_text(header));
  progress.begin(header);
  for (const SafetensorsEntry& entry : header.entries) {
    const std::string_view bytes = bytes_of(tensors.at(entry.name));
    digest.update(bytes);
    progress.add(bytes.size());
  }
  header.metadata[kChecksumKey] = digest.hex();
  return header;
}

SafetensorsHeader read_header(const InputFile& file) {
  const std::string where = file.path().string();
  std::uint64_t header_bytes = 0;
  if (file.size() < sizeof header_bytes) {
    fail(ErrorKind::input, "{}: expected a safetensors file, got {} bytes", where, file.size());
  }
  file.read(0, &header_bytes, sizeof header_bytes);
  if (header_bytes > SafetensorsHeader::kMaxBytes) {
    fail(ErrorKind::input, "{}: expected a safetensors header of at most {} bytes, got {}", where,
         SafetensorsHeader::kMaxBytes, header_bytes);
  }
  const std::uint64_t after_length = file.size() - sizeof header_bytes;
  if (header_bytes > after_length) {
    fail(ErrorKind::input, "{}: expected a safetensors header of {} bytes, found {} (the file is truncated)", where,
         header_bytes, after_length);
  }
  std::string text(header_bytes, '\0');
  file.read(sizeof header_bytes, text.data(), text.size());
  return parse_header(text, after_length - header_bytes, where);
}

/// Whether the file has a checksum; files of other tools have none.
bool has_digest(const SafetensorsHeader& header, const std::string& where) {
  const bool has = header.metadata.contains(kChecksumKey);
  if (!has && header.metadata.contains(kVersionKey)) {
    fail(ErrorKind::input, "{}: expected the metadata {} of a file written by Octet, got none", where, kChecksumKey);
  }
  return has;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata, ProgressSink& progress) {
  const auto by_name = checked(tensors);
  WriteProgress written(progress);
  SafetensorsHeader header;
  std::string text;
  try {
    header = header_of(by_name, metadata, written);
    text = header_text(header);
  } catch (const nlohmann::json::exception&) {  // dump() refuses nothing else
    fail(ErrorKind::run, "{}: expected names and metadata in UTF-8, got other bytes", path.string());
  }
  const std::uint64_t length = text.size();
  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&length), sizeof length});
  file.write(text);
  for (const SafetensorsEntry& entry : header.entries) {
    const std::string_view bytes = bytes_of(by_name.at(entry.name));
    file.write(bytes);
    written.add(bytes.size());
  }
  file.commit();
  written.finish();
}

SafetensorsHeader read_safetensors_header(const std::filesystem::path& path) {
  return read_header(InputFile(path));
}

SafetensorsFile SafetensorsFile::read(const std::filesystem::path& path) {
  const InputFile file(path);
  SafetensorsHeader header = read_header(file);
  const std::uint64_t data_start = file.size() - header.data_bytes();
  SafetensorsFile result;
  const bool checked = has_digest(header, path.string());
  Sha256 digest;
  digest.update(canonical_text(header));
  for (const SafetensorsEntry& entry : header.entries) {
    const Tensor tensor = Tensor::empty(entry.shape, entry.dtype);
    file.read(data_start + entry.begin, tensor.raw_data(), tensor.bytes());
    if (checked) {
      digest.update(bytes_of(tensor));
    }
    result.names_.push_back(entry.name);
    result.tensors_.emplace(entry.name, tensor);
  }
  if (checked && header.metadata.at(kChecksumKey) != digest.hex()) {
    fail(ErrorKind::input, "{}: the file is damaged: expected SHA-256 {}, got {}", path.string(),
         header.metadata.at(kChecksumKey), digest.hex());
  }
  result.path_ = path;
  result.metadata_ = std::move(header.metadata);
  return result;
}

SafetensorsReader::SafetensorsReader(const std::filesystem::path& path)
    : file_(std::make_unique<InputFile>(path)), header_(read_header(*file_)) {}

Tensor SafetensorsReader::read(const SafetensorsEntry& entry) const {
  Tensor tensor = Tensor::empty(entry.shape, entry.dtype);
  file_->read(file_->size() - header_.data_bytes() + entry.begin, tensor.raw_data(), tensor.bytes());
  return tensor;
}

const Tensor& SafetensorsFile::at(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    const auto nearest = nearest_name(name, names_);
    fail(ErrorKind::input, "{}: expected a tensor '{}', found none{}", path_.string(), name,
         nearest ? fmt::format("; the nearest name is '{}'", *nearest) : "");
  }
  return found->second;
}

}  // namespace octet
