#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "io/safetensors.h"
#include "nn/import/tensor_source.h"

namespace octet {

/// The weights of a Hugging Face folder: `model.safetensors`, or the files that `model.safetensors.index.json` lists.
///
/// Errors (input) when it is made: neither or both are there; an index that is ill-formed or names a file outside of
/// the folder; a file of it that is missing; a tensor that is not in the file where the index has it, or in no place of
/// the index. When a tensor is read: it holds integers of another type than U8 and BOOL.
class HuggingFaceTensors final : public TensorSource {
 public:
  /// With `half`, matrices in F16 and BF16 are offered as they are stored.
  explicit HuggingFaceTensors(const std::filesystem::path& folder, bool half = false);

  const std::vector<SourceTensor>& tensors() const override { return tensors_; }
  Tensor read(std::size_t i) const override;
  std::optional<BlockRows> read_blocks(std::size_t i) const override;

 private:
  struct Place {
    std::size_t file;
    std::size_t entry;
  };

  void add_file(const std::filesystem::path& path);

  bool half_;
  std::vector<std::unique_ptr<SafetensorsReader>> files_;
  std::vector<SourceTensor> tensors_;
  std::vector<Place> places_;  ///< of each tensor
};

}  // namespace octet
