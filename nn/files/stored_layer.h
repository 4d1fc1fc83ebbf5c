#pragma once

#include <string>
#include <vector>

#include "base/config/config.h"
#include "nn/layers/quantized_layer.h"

namespace octet {

// How one quantized layer stands in the two files of a model (nn/files/quantized_file.h): its description in
// config.json and the names of its tensors in model.safetensors.

/// The formats of files.
enum class FileFormat { int8, int4, nf4, mxfp4, nvfp4, table4, entropy, trellis, fp8, f16, bf16 };

template <>
inline constexpr auto enum_names<FileFormat> = std::to_array<EnumName<FileFormat>>({
    {FileFormat::int8, "int8"},
    {FileFormat::int4, "int4"},
    {FileFormat::nf4, "nf4"},
    {FileFormat::mxfp4, "mxfp4"},
    {FileFormat::nvfp4, "nvfp4"},
    {FileFormat::table4, "table4"},
    {FileFormat::entropy, "entropy"},
    {FileFormat::trellis, "trellis"},
    {FileFormat::fp8, "fp8"},
    {FileFormat::f16, "f16"},
    {FileFormat::bf16, "bf16"},
});

/// How to read the tensors of one layer, an object of "layers".
struct LayerDescription {
  FileFormat format = FileFormat::int8;
  std::int64_t columns = 0;
  Activations activations = Activations::weight_only;
  float input_scale = 0.0F;  // of static activations
  int zero_point = 0;        // of static activations
  float threshold = 6.0F;    // of the outlier split
  // Of formats with codes and scales.
  std::int64_t bits = 8;
  Granularity granularity = Granularity::per_channel;
  std::int64_t group = 0;
  bool symmetric = true;
  bool double_quantized = false;  // of nf4
  std::int64_t low_rank = 0;      // of the correction beside the weight; 0: none

  ActivationScheme activation_scheme() const;
  bool is_half() const { return format == FileFormat::f16 || format == FileFormat::bf16; }
  /// Of the formats of 16 levels, which have the names of their codebooks.
  std::optional<Codebook> codebook() const { return enum_from_name<Codebook>(enum_name(format)); }
  ScaleCoding scale_coding() const;

  template <class V>
  void visit(V& v) {
    v("format", format, required());
    v("columns", columns, required(), at_least(1));
    v("activations", activations, required());
    v("input_scale", input_scale, at_least(0));
    v("zero_point", zero_point, in_range(-127, 127));
    v("threshold", threshold, at_least(0));
    v("bits", bits, in_range(2, 8));
    v("granularity", granularity);
    v("group", group, at_least(0));
    v("symmetric", symmetric);
    v("double_quantized", double_quantized);
    v("low_rank", low_rank, at_least(0));
  }
};

/// What config.json says of a layer of this weight and these activations.
LayerDescription describe_layer(const QuantizedMatrix& matrix);

/// The names of the tensors of the layer `path`.
struct TensorNames {
  explicit TensorNames(const std::string& path);

  std::string weight, codes, scales, minimums, steps, mean, levels, low_rank_left, low_rank_right;
};

/// Those that the weight in place of PATH.weight has.
std::vector<std::string> weight_tensors(const TensorNames& names, const LayerDescription& layer);

}  // namespace octet
