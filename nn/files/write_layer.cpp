#include "nn/files/write_layer.h"

#include "nn/files/stored_layer.h"
#include "tensor/formats/nibbles.h"

namespace octet {
namespace {

void append_weight(const TensorNames& names, const AnyWeight& weight, std::vector<NamedTensor>& tensors) {
  if (const auto* half = std::get_if<HalfWeight>(&weight)) {
    tensors.push_back({names.weight, half->values()});
  } else if (const auto* int4 = std::get_if<Int4Weight>(&weight)) {
    tensors.push_back({names.codes, int4->bits() == 4 ? int4->nibbles()
                                                      : pack_dense(int4->nibbles(), int4->columns(), int4->bits())});
    tensors.push_back({names.scales, int4->scales()});
    if (!int4->is_symmetric()) {
      tensors.push_back({names.minimums, int4->minimums()});
    }
  } else if (const auto* fp8 = std::get_if<Fp8Weight>(&weight)) {
    tensors.push_back({names.codes, fp8->codes()});
    tensors.push_back({names.scales, fp8->scales()});
  } else if (const auto* entropy = std::get_if<EntropyWeight>(&weight)) {
    tensors.push_back({names.codes, entropy->coded()});
    tensors.push_back({names.scales, entropy->codes().scales});
  } else if (const auto* trellis = std::get_if<TrellisWeight>(&weight)) {
    tensors.push_back({names.codes, trellis->codes()});
    tensors.push_back({names.scales, trellis->scales()});
  } else if (const auto* codebook = std::get_if<CodebookWeight>(&weight)) {
    const BlockScales& scales = codebook->stored_scales();
    tensors.push_back({names.codes, codebook->nibbles()});
    tensors.push_back({names.scales, scales.codes});
    for (const NamedTensor& tensor : {NamedTensor{names.steps, scales.steps},
                                      {names.mean, scales.mean},
                                      {names.levels, codebook->integer_levels()}}) {
      if (tensor.tensor.defined()) {
        tensors.push_back(tensor);
      }
    }
  } else {
    const Codes& codes = std::get<Int8Weight>(weight).codes();
    tensors.push_back({names.codes, codes.codes});
    tensors.push_back({names.scales, codes.scales});
  }
}

}  // namespace

void append_layer(const std::string& path, const QuantizedMatrix& matrix, std::vector<NamedTensor>& tensors) {
  const TensorNames names(path);
  append_weight(names, matrix.weight(), tensors);
  if (const LowRank* low_rank = matrix.low_rank()) {
    tensors.push_back({names.low_rank_left, low_rank->left().values()});
    tensors.push_back({names.low_rank_right, low_rank->right().values()});
  }
}

}  // namespace octet
