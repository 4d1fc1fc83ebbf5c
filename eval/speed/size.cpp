#include "eval/speed/size.h"

#include <string_view>

#include "nn/cost.h"
#include "nn/files/model_file.h"

namespace octet {
namespace {

/// The part of the size that a tensor belongs to, by its dotted name and dtype.
std::int64_t& part_of(ModelSize& size, const SafetensorsEntry& entry) {
  const std::string_view name = entry.name;
  if (name.starts_with("embedding.") || name.starts_with("positions.")) {
    return size.embeddings;
  }
  if (name.ends_with("scales") || name.ends_with("minimums")) {
    return size.scales;
  }
  return entry.dtype == DType::i8 || entry.dtype == DType::u8 ? size.codes : size.unquantized;
}

}  // namespace

double ModelSize::bits_per_weight() const {
  return 8.0 * static_cast<double>(file_bytes - header) / static_cast<double>(parameters);
}

ModelSize measure_size(const std::filesystem::path& model_folder) {
  const std::filesystem::path path = model_folder / kModelWeightsFile;
  const SafetensorsHeader header = read_safetensors_header(path);
  ModelSize size;
  for (const SafetensorsEntry& entry : header.entries) {
    part_of(size, entry) += static_cast<std::int64_t>(entry.end - entry.begin);
  }
  size.file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  size.header = size.file_bytes - static_cast<std::int64_t>(header.data_bytes());
  size.parameters = parameter_count(read_model_description(model_folder).config);
  return size;
}

}  // namespace octet
