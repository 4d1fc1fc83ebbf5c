#include "nn/files/read_layer.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "tensor/formats/nibbles.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

/// The numbers of a file that are no codes must be finite, and scales not 0: products would silently be wrong.
void check_values(const Tensor& stored, bool zero_allowed, const char* what) {
  const Tensor values =
      stored.dtype() == DType::f32 ? stored : dequantize(HalfWeight(reshape(stored, {1, stored.elements()})));
  for (const float value : values.span<float>()) {
    check(std::isfinite(value) && (zero_allowed || value != 0.0F), "expected {}, got {}", what, value);
  }
}

/// A tensor where the description has one, else an undefined one.
Tensor find_tensor(const SafetensorsFile& file, const std::vector<std::string>& described, const std::string& name) {
  return std::find(described.begin(), described.end(), name) == described.end() ? Tensor() : file.at(name);
}

CodebookWeight read_codebook(const TensorNames& names, const LayerDescription& layer, const SafetensorsFile& file) {
  const std::vector<std::string> described = weight_tensors(names, layer);
  const BlockScales scales{layer.scale_coding(), file.at(names.scales), find_tensor(file, described, names.steps),
                           find_tensor(file, described, names.mean)};
  return {*layer.codebook(), file.at(names.codes), scales,
          layer.columns,     layer.group,          find_tensor(file, described, names.levels)};
}

/// `shape` of the layer that the weight is for: entropy-coded bytes do not tell how many codes they are.
AnyWeight read_weight(const TensorNames& names, const LayerDescription& layer, const Shape& shape,
                      const SafetensorsFile& file) {
  if (layer.is_half()) {
    const Tensor& values = file.at(names.weight);
    check(name_of(values.dtype()) == enum_name(layer.format), "expected {} of {}, got {}", names.weight,
          enum_name(layer.format), name_of(values.dtype()));
    check_values(values, true, "finite values");
    return HalfWeight(values);
  }
  check(!layer.double_quantized || layer.format == FileFormat::nf4, "expected double_quantized: false for {}, got true",
        enum_name(layer.format));
  check(layer.symmetric || layer.format == FileFormat::int4 || layer.format == FileFormat::int8,
        "expected symmetric: true for {}, got false", enum_name(layer.format));
  if (layer.codebook()) {
    return read_codebook(names, layer, file);
  }
  if (layer.format == FileFormat::fp8) {
    return Fp8Weight(file.at(names.codes), file.at(names.scales));
  }
  if (layer.format == FileFormat::trellis) {
    return TrellisWeight(file.at(names.codes), file.at(names.scales), layer.columns, static_cast<int>(layer.bits));
  }
  const Tensor &codes = file.at(names.codes), &scales = file.at(names.scales);
  check_values(scales, false, "finite scales other than 0");
  if (layer.format == FileFormat::entropy) {
    check(layer.columns == shape[1], "expected {} columns, got {}", shape[1], layer.columns);
    return EntropyWeight(codes, scales, shape[0], shape[1]);
  }
  const int bits = static_cast<int>(layer.bits);
  Tensor minimums;
  if (!layer.symmetric) {
    minimums = file.at(names.minimums);
    check_values(minimums, true, "finite minimums");
  }
  if (layer.format == FileFormat::int4) {
    const Tensor nibbles = bits == 4 ? codes : unpack_dense(codes, layer.columns, bits, layer.symmetric);
    return Int4Weight(nibbles, scales, layer.columns, bits, layer.granularity, layer.group, minimums);
  }
  return Int8Weight({codes, scales, bits, layer.granularity, layer.group, minimums});
}

std::optional<LowRank> read_low_rank(const TensorNames& names, const LayerDescription& layer,
                                     const SafetensorsFile& file) {
  if (layer.low_rank == 0) {
    return std::nullopt;
  }
  const Tensor &left = file.at(names.low_rank_left), &right = file.at(names.low_rank_right);
  LowRank low_rank{HalfWeight(left), HalfWeight(right)};
  check(low_rank.rank() == layer.low_rank, "expected a correction of rank {} as described, got {}", layer.low_rank,
        low_rank.rank());
  check_values(left, true, "finite values");
  check_values(right, true, "finite values");
  return low_rank;
}

}  // namespace

void load_layer(const std::string& path, const LayerDescription& layer, const SafetensorsFile& file, ChildSlot& slot) {
  const TensorNames names(path);
  try {
    AnyWeight weight = read_weight(names, layer, matrix_shape_of(slot.module()), file);
    check(columns(weight) == layer.columns, "expected {} columns as described, got {}", layer.columns, columns(weight));
    slot.replace(quantized_layer(slot.module(), std::move(weight), layer.activation_scheme(),
                                 read_low_rank(names, layer, file)));
  } catch (const Error& error) {
    fail(ErrorKind::input, "{}: layer \"{}\": {}", file.path().string(), path, error.what());
  }
}

}  // namespace octet
