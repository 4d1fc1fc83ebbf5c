#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_mutation.h"

// How libFuzzer changes safetensors files: mostly the JSON of the header, with the length before it and often the size
// of the data behind it made right again; sometimes any bytes.

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t largest);

namespace octet::fuzz {
namespace {

constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);

/// Where the data of the last tensor ends, if the header says so.
std::optional<std::uint64_t> data_bytes(const std::string& header) {
  std::optional<std::uint64_t> bytes;
  const auto json = nlohmann::json::parse(header, nullptr, false);
  for (const auto& tensor : json.is_object() ? json : nlohmann::json::object()) {
    const bool has_end = tensor.is_object() && tensor.contains("data_offsets") && tensor["data_offsets"].is_array() &&
                         !tensor["data_offsets"].empty() && tensor["data_offsets"].back().is_number_unsigned();
    if (has_end) bytes = std::max(bytes.value_or(0), tensor["data_offsets"].back().get<std::uint64_t>());
  }
  return bytes;
}

std::optional<std::string> mutate_file(std::string_view file, std::size_t largest, std::mt19937& random) {
  std::uint64_t length = 0;
  if (file.size() < kLengthBytes) return std::nullopt;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > file.size() - kLengthBytes) return std::nullopt;
  const auto header = mutate_json(file.substr(kLengthBytes, length), largest, random);
  if (!header) return std::nullopt;
  std::string data(file.substr(kLengthBytes + length));
  const auto wanted = data_bytes(*header);
  if (wanted && *wanted < largest && random() % 4 != 0) data.resize(*wanted);
  length = random() % 16 == 0 ? random() : header->size();
  std::string changed(reinterpret_cast<const char*>(&length), kLengthBytes);
  changed += *header + data;
  if (changed.size() > largest) return std::nullopt;
  return changed;
}

}  // namespace
}  // namespace octet::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t largest,
                                               unsigned int seed) {
  using namespace octet::fuzz;
  std::mt19937 random(seed);
  if (random() % 4 != 0) {
    if (const auto changed = mutate_file(as_text(data, size), largest, random)) {
      std::memcpy(data, changed->data(), changed->size());
      return changed->size();
    }
  }
  return LLVMFuzzerMutate(data, size, largest);
}
