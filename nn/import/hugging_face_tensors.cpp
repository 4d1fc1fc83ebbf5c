#include "nn/import/hugging_face_tensors.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/shown_text.h"
#include "tensor/half.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeightsFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

/// Whether a name leads to no other folder, as "../x", "/x" and "a/x" do, and is one that a file can have.
bool is_file_name(const std::string& name) {
  return name_rule_broken(name).empty() && name.find('/') == std::string::npos && name != "." && name != "..";
}

/// The file of each tensor, as the index has it.
std::map<std::string, std::string> read_index(const fs::path& path) {
  const std::string where = path.string();
  const nlohmann::json root = parse_json(read_text_file(path), where);
  if (!root.is_object() || !root.contains("weight_map") || !root["weight_map"].is_object()) {
    fail(ErrorKind::input, "{}: expected an object \"weight_map\" that names the file of each tensor", where);
  }
  std::map<std::string, std::string> files;
  for (const auto& [name, file] : root["weight_map"].items()) {
    if (!file.is_string()) {
      fail(ErrorKind::input, "{}: tensor \"{}\": expected the name of a file, got {}", where, excerpt(name),
           excerpt(file.dump()));
    }
    const auto plain = file.get<std::string>();
    if (!is_file_name(plain)) {
      fail(ErrorKind::input, "{}: tensor \"{}\": expected the name of a file in the same folder, got \"{}\"", where,
           excerpt(name), excerpt(plain));
    }
    files[name] = plain;
  }
  if (files.empty()) fail(ErrorKind::input, "{}: expected at least one tensor in \"weight_map\", got none", where);
  return files;
}

float as_float(std::uint8_t value) {
  return static_cast<float>(value);
}
float as_float(Float16 value) {
  return to_float(value);
}
float as_float(BFloat16 value) {
  return to_float(value);
}

template <typename T>
Tensor widened(const Tensor& stored) {
  constexpr std::int64_t kGrain = 1 << 16;
  Tensor values = Tensor::empty(stored.shape());
  const T* from = stored.data<T>();
  float* to = values.data<float>();
  parallel_for(stored.elements(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = as_float(from[i]);
  });
  return values;
}

std::string type_name(DType dtype) {
  std::string name(name_of(dtype));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  return name;
}

}  // namespace

HuggingFaceTensors::HuggingFaceTensors(const fs::path& folder, bool half) : half_(half) {
  const fs::path single = folder / kWeightsFile, index = folder / kIndexFile;
  const bool has_single = fs::exists(single), has_index = fs::exists(index);
  if (has_single == has_index) {
    fail(ErrorKind::input, "{}: expected either {} or {}, found {}", folder.string(), kWeightsFile, kIndexFile,
         has_single ? "both" : "neither");
  }
  if (has_single) {
    add_file(single);
    return;
  }
  const std::map<std::string, std::string> file_of = read_index(index);
  std::set<std::string> files;
  for (const auto& [name, file] : file_of) files.insert(file);
  for (const std::string& file : files) add_file(folder / file);
  for (const SourceTensor& tensor : tensors_) {
    const auto listed = file_of.find(tensor.name);
    const std::string expected = listed == file_of.end() ? "no file" : (folder / listed->second).string();
    if (expected != tensor.file) {
      fail(ErrorKind::input, "{}: tensor \"{}\": {} has it in {}, but it is in {}", index.string(), tensor.name,
           kIndexFile, expected, tensor.file);
    }
  }
  std::set<std::string> held;
  for (const SourceTensor& tensor : tensors_) held.insert(tensor.name);
  for (const auto& [name, file] : file_of) {
    if (!held.contains(name)) {
      fail(ErrorKind::input, "{}: expected a tensor \"{}\", as {} says, found none", (folder / file).string(),
           excerpt(name), kIndexFile);
    }
  }
}

void HuggingFaceTensors::add_file(const fs::path& path) {
  files_.push_back(std::make_unique<SafetensorsReader>(path));
  const std::vector<SafetensorsEntry>& entries = files_.back()->header().entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    tensors_.push_back({entries[i].name, entries[i].shape, type_name(entries[i].dtype), path.string()});
    places_.push_back({files_.size() - 1, i});
  }
}

Tensor HuggingFaceTensors::read(std::size_t i) const {
  const SafetensorsReader& file = *files_[places_[i].file];
  const SafetensorsEntry& entry = file.header().entries[places_[i].entry];
  switch (entry.dtype) {
    case DType::f32:
      return file.read(entry);
    case DType::f16:
      return widened<Float16>(file.read(entry));
    case DType::bf16:
      return widened<BFloat16>(file.read(entry));
    case DType::u8:  // the causal mask of older files
      return widened<std::uint8_t>(file.read(entry));
    default:
      fail(ErrorKind::input, "{}: tensor \"{}\": expected F32, F16, BF16, U8 or BOOL, got {}", tensors_[i].file,
           entry.name, tensors_[i].type);
  }
}

std::optional<BlockRows> HuggingFaceTensors::read_blocks(std::size_t i) const {
  const SafetensorsEntry& entry = files_[places_[i].file]->header().entries[places_[i].entry];
  const bool is_half = entry.dtype == DType::f16 || entry.dtype == DType::bf16;
  if (!half_ || !is_half || entry.shape.rank() != 2) return std::nullopt;
  const Tensor stored = files_[places_[i].file]->read(entry);
  BlockRows rows{find_gguf_type(tensors_[i].type), entry.shape[0], entry.shape[1], {}};
  rows.bytes.resize(stored.bytes());
  std::memcpy(rows.bytes.data(), stored.raw_data(), stored.bytes());
  return rows;
}

}  // namespace octet
