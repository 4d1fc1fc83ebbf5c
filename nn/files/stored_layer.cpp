#include "nn/files/stored_layer.h"

namespace octet {

ActivationScheme LayerDescription::activation_scheme() const {
  ActivationScheme scheme = activations;
  scheme.input_scale = input_scale;
  scheme.zero_point = zero_point;
  scheme.threshold = threshold;
  return scheme;
}

ScaleCoding LayerDescription::scale_coding() const {
  switch (format) {
    case FileFormat::mxfp4:
      return ScaleCoding::e8m0;
    case FileFormat::nvfp4:
      return ScaleCoding::e4m3;
    default:
      return double_quantized ? ScaleCoding::double_quantized : ScaleCoding::f16;
  }
}

LayerDescription describe_layer(const QuantizedMatrix& matrix) {
  LayerDescription layer;
  layer.columns = matrix.columns();
  layer.activations = matrix.activations();
  layer.input_scale = matrix.activation_scheme().input_scale;
  layer.zero_point = matrix.activation_scheme().zero_point;
  layer.threshold = matrix.activation_scheme().threshold;
  layer.low_rank = matrix.low_rank() != nullptr ? matrix.low_rank()->rank() : 0;
  if (const auto* half = std::get_if<HalfWeight>(&matrix.weight())) {
    layer.format = half->values().dtype() == DType::f16 ? FileFormat::f16 : FileFormat::bf16;
    return layer;
  }
  if (const auto* codebook = std::get_if<CodebookWeight>(&matrix.weight())) {
    layer.format = *enum_from_name<FileFormat>(enum_name(codebook->codebook()));
    layer.bits = 4;
    layer.granularity = Granularity::per_group;
    layer.group = codebook->block();
    layer.double_quantized = codebook->stored_scales().coding == ScaleCoding::double_quantized;
    return layer;
  }
  if (std::holds_alternative<Fp8Weight>(matrix.weight())) {
    layer.format = FileFormat::fp8;
    return layer;
  }
  if (std::holds_alternative<EntropyWeight>(matrix.weight())) {
    layer.format = FileFormat::entropy;
    layer.granularity = Granularity::per_tensor;
    return layer;
  }
  if (const auto* trellis = std::get_if<TrellisWeight>(&matrix.weight())) {
    layer.format = FileFormat::trellis;
    layer.bits = trellis->bits();
    return layer;
  }
  layer.format = std::holds_alternative<Int4Weight>(matrix.weight()) ? FileFormat::int4 : FileFormat::int8;
  const Codes codes = codes_of(matrix.weight());
  layer.bits = codes.bits;
  layer.granularity = codes.granularity;
  layer.group = codes.group;
  layer.symmetric = codes.is_symmetric();
  return layer;
}

TensorNames::TensorNames(const std::string& path)
    : weight(path + ".weight"),
      codes(path + ".weight.codes"),
      scales(path + ".weight.scales"),
      minimums(path + ".weight.minimums"),
      steps(path + ".weight.scale_steps"),
      mean(path + ".weight.scale_mean"),
      levels(path + ".weight.levels"),
      low_rank_left(path + ".weight.low_rank_left"),
      low_rank_right(path + ".weight.low_rank_right") {}

std::vector<std::string> weight_tensors(const TensorNames& names, const LayerDescription& layer) {
  if (layer.is_half()) {
    return {names.weight};
  }
  std::vector<std::string> found = {names.codes, names.scales};
  if (!layer.symmetric) {
    found.push_back(names.minimums);
  }
  const ScaleCoding coding = layer.scale_coding();
  if (coding == ScaleCoding::double_quantized || coding == ScaleCoding::e4m3) {
    found.push_back(names.steps);
  }
  if (coding == ScaleCoding::double_quantized) {
    found.push_back(names.mean);
  }
  if (layer.format == FileFormat::table4) {
    found.push_back(names.levels);
  }
  return found;
}

}  // namespace octet
