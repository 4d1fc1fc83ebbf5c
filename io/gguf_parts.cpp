#include "io/gguf_parts.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNumber = "split.no";
constexpr const char* kCount = "split.count";
constexpr const char* kTensors = "split.tensors.count";
constexpr std::int64_t kMostParts = 65535;  // split.count is a u16

/// "-00002-of-00003.gguf" of the second of three parts.
std::string ending_of(std::int64_t number, std::int64_t count) {
  return fmt::format("-{:05}-of-{:05}.gguf", number + 1, count);
}

/// How many parts the model of a file has: 1 of a file that says nothing.
std::int64_t part_count(const GgufFile& file) {
  const std::int64_t count = file.optional_integer(kCount).value_or(1);
  if (count < 0 || count > kMostParts) {
    fail(ErrorKind::input, "{}: key {}: expected from 1 to {} parts, got {}", file.where(), kCount, kMostParts, count);
  }
  return std::max<std::int64_t>(count, 1);  // 0 is written for whole files too
}

/// Which of `count` parts a file is, counted from 0.
std::int64_t part_number(const GgufFile& file, std::int64_t count) {
  const std::int64_t number = file.integer(kNumber);
  if (number < 0 || number >= count) {
    fail(ErrorKind::input, "{}: key {}: expected from 0 to {}, for one of {} parts, got {}", file.where(), kNumber,
         count - 1, count, number);
  }
  return number;
}

void expect_part(const GgufFile& file, std::int64_t number, std::int64_t count) {
  if (const std::int64_t own = part_count(file); own != count) {
    fail(ErrorKind::input, "{}: key {}: expected {}, as in the other parts, got {}", file.where(), kCount, count, own);
  }
  if (const std::int64_t own = part_number(file, count); own != number) {
    fail(ErrorKind::input, "{}: key {}: expected part {} of {}, got part {}", file.where(), kNumber, number + 1, count,
         own + 1);
  }
}

}  // namespace

GgufParts::GgufParts(const fs::path& path) {
  auto given = std::make_unique<GgufFile>(path);
  const std::int64_t count = part_count(*given);
  if (count > 1) {
    open_parts(*given, count);
  } else {
    files_.push_back(std::move(given));
  }
  collect_tensors();
}

void GgufParts::open_parts(const GgufFile& given, std::int64_t count) {
  const fs::path path = given.where();
  const std::string name = path.filename().string(), ending = ending_of(part_number(given, count), count);
  if (!name.ends_with(ending)) {
    fail(ErrorKind::input,
         "{}: expected a name that ends with {}, as the keys {} and {} say, to find the other parts by", path.string(),
         ending, kNumber, kCount);
  }
  const std::string stem = name.substr(0, name.size() - ending.size());
  for (std::int64_t number = 0; number < count; ++number) {
    const fs::path part = path.parent_path() / (stem + ending_of(number, count));
    std::error_code ignored;
    if (!fs::exists(part, ignored)) {
      fail(ErrorKind::input, "{}: expected part {} of {} of the model, found no such file", part.string(), number + 1,
           count);
    }
    files_.push_back(std::make_unique<GgufFile>(part));
    expect_part(*files_.back(), number, count);
  }
}

void GgufParts::collect_tensors() {
  std::map<std::string, const GgufFile*> file_of;
  for (const auto& file : files_) {
    for (const GgufTensor& tensor : file->tensors()) {
      const auto [earlier, is_new] = file_of.emplace(tensor.name, file.get());
      if (!is_new) {
        fail(ErrorKind::input, "{}: tensor \"{}\": it stands in {} too", file->where(), tensor.name,
             earlier->second->where());
      }
      tensors_.push_back({file.get(), &tensor});
    }
  }
  const auto found = static_cast<std::int64_t>(tensors_.size());
  const std::int64_t promised = first().optional_integer(kTensors).value_or(found);
  if (files_.size() > 1 && promised != found) {
    fail(ErrorKind::input, "{}: key {}: expected the {} tensors of the {} parts, got {}", first().where(), kTensors,
         found, files_.size(), promised);
  }
}

}  // namespace octet
