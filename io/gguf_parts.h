#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "io/gguf.h"

namespace octet {

/// A GGUF model in one file, or in the parts that llama-gguf-split makes of it: NAME-00001-of-00003.gguf and so on,
/// each a file of its own with some of the tensors and
///
///     split.no              0, 1, ...
///     split.count           how many parts there are
///     split.tensors.count   how many tensors all of them have
///
/// All other keys stand in the first. Source: llama.cpp, tools/gguf-split/README.md and src/llama-model-loader.cpp.
class GgufParts {
 public:
  struct Tensor {
    const GgufFile* file;
    const GgufTensor* tensor;
  };

  /// `path`: the file, or any of its parts; the others stand beside it. Errors (input) naming file and key: a part that
  /// is missing, or whose name and keys contradict each other or the first part; a tensor in two parts; other than the
  /// promised number of tensors.
  explicit GgufParts(const std::filesystem::path& path);

  /// The file with the keys of the model.
  const GgufFile& first() const { return *files_.front(); }
  /// Of all parts, in their order.
  const std::vector<Tensor>& tensors() const { return tensors_; }

 private:
  void open_parts(const GgufFile& given, std::int64_t count);
  void collect_tensors();

  std::vector<std::unique_ptr<GgufFile>> files_;
  std::vector<Tensor> tensors_;
};

}  // namespace octet
