#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/import/gguf_blocks.h"
#include "tensor/tensor.h"

namespace octet {

/// A tensor of a foreign model, before it is read.
struct SourceTensor {
  std::string name;
  Shape shape;       ///< outermost dimension first
  std::string type;  ///< as its file calls it: "F16", "Q4_0"
  std::string file;  ///< that holds it, for messages
};

/// The tensors of a foreign model, whatever files they are in.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  /// Each name once.
  virtual const std::vector<SourceTensor>& tensors() const = 0;

  /// Tensor i of tensors() as FP32 in CPU memory, in its shape. Nothing of it is kept: who asks twice reads twice.
  virtual Tensor read(std::size_t i) const = 0;

  /// A matrix as it is stored, where a format of Octet holds its type (has_format()); else nothing.
  virtual std::optional<BlockRows> read_blocks(std::size_t) const { return std::nullopt; }
};

}  // namespace octet
