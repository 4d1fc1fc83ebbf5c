#pragma once

#include <cstdint>
#include <filesystem>

namespace octet {

/// Where the bytes of a model's file go. The parts are disjoint and sum to `file_bytes`.
struct ModelSize {
  std::int64_t file_bytes = 0;   ///< of model.safetensors on the disk
  std::int64_t codes = 0;        ///< integer codes of quantized layers
  std::int64_t scales = 0;       ///< their scales, and minimums where grids have them
  std::int64_t embeddings = 0;   ///< token and position tables in any format, their codes and scales included
  std::int64_t unquantized = 0;  ///< all other tensors: layers left in floating point, norms, biases
  std::int64_t header = 0;       ///< names, shapes and checksum of the file

  std::int64_t parameters = 0;  ///< of the FP32 model of this shape

  /// 8 * (file_bytes - header) / parameters: scales, norms and everything left in floating point count.
  double bits_per_weight() const;
};

/// Measures a model folder by the header of its weights and its configuration. What is small is then measured as files
/// are, never computed from what the format should take. Errors (input) as for loading the model.
ModelSize measure_size(const std::filesystem::path& model_folder);

}  // namespace octet
