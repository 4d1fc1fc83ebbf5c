#include "nn/files/quantized_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/config/config.h"
#include "base/nearest.h"
#include "nn/layers/quantized_layer.h"
#include "tensor/formats/nibbles.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

using Path = std::filesystem::path;

}  // namespace

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

namespace {

/// How to read the tensors of one layer.
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

  ActivationScheme activation_scheme() const {
    ActivationScheme scheme = activations;
    scheme.input_scale = input_scale;
    scheme.zero_point = zero_point;
    scheme.threshold = threshold;
    return scheme;
  }
  bool is_half() const { return format == FileFormat::f16 || format == FileFormat::bf16; }
  /// Of the formats of 16 levels, which have the names of their codebooks.
  std::optional<Codebook> codebook() const { return enum_from_name<Codebook>(enum_name(format)); }
  ScaleCoding scale_coding() const {
    switch (format) {
      case FileFormat::mxfp4:
        return ScaleCoding::e8m0;
      case FileFormat::nvfp4:
        return ScaleCoding::e4m3;
      default:
        return double_quantized ? ScaleCoding::double_quantized : ScaleCoding::f16;
    }
  }

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

std::string weight_name(const std::string& path) {
  return path + ".weight";
}
std::string codes_name(const std::string& path) {
  return path + ".weight.codes";
}
std::string scales_name(const std::string& path) {
  return path + ".weight.scales";
}
std::string minimums_name(const std::string& path) {
  return path + ".weight.minimums";
}
std::string steps_name(const std::string& path) {
  return path + ".weight.scale_steps";
}
std::string mean_name(const std::string& path) {
  return path + ".weight.scale_mean";
}
std::string levels_name(const std::string& path) {
  return path + ".weight.levels";
}
std::string low_rank_left_name(const std::string& path) {
  return path + ".weight.low_rank_left";
}
std::string low_rank_right_name(const std::string& path) {
  return path + ".weight.low_rank_right";
}

/// The tensors of the weight in place of PATH.weight.
std::vector<std::string> tensor_names(const std::string& path, const LayerDescription& layer) {
  if (layer.is_half()) {
    return {weight_name(path)};
  }
  std::vector<std::string> names = {codes_name(path), scales_name(path)};
  if (!layer.symmetric) {
    names.push_back(minimums_name(path));
  }
  const ScaleCoding coding = layer.scale_coding();
  if (coding == ScaleCoding::double_quantized || coding == ScaleCoding::e4m3) {
    names.push_back(steps_name(path));
  }
  if (coding == ScaleCoding::double_quantized) {
    names.push_back(mean_name(path));
  }
  if (layer.format == FileFormat::table4) {
    names.push_back(levels_name(path));
  }
  return names;
}

void append_tensors(const std::string& path, const AnyWeight& weight, std::vector<NamedTensor>& tensors) {
  if (const auto* half = std::get_if<HalfWeight>(&weight)) {
    tensors.push_back({weight_name(path), half->values()});
  } else if (const auto* int4 = std::get_if<Int4Weight>(&weight)) {
    tensors.push_back({codes_name(path), int4->bits() == 4
                                             ? int4->nibbles()
                                             : pack_dense(int4->nibbles(), int4->columns(), int4->bits())});
    tensors.push_back({scales_name(path), int4->scales()});
    if (!int4->is_symmetric()) {
      tensors.push_back({minimums_name(path), int4->minimums()});
    }
  } else if (const auto* fp8 = std::get_if<Fp8Weight>(&weight)) {
    tensors.push_back({codes_name(path), fp8->codes()});
    tensors.push_back({scales_name(path), fp8->scales()});
  } else if (const auto* entropy = std::get_if<EntropyWeight>(&weight)) {
    tensors.push_back({codes_name(path), entropy->coded()});
    tensors.push_back({scales_name(path), entropy->codes().scales});
  } else if (const auto* trellis = std::get_if<TrellisWeight>(&weight)) {
    tensors.push_back({codes_name(path), trellis->codes()});
    tensors.push_back({scales_name(path), trellis->scales()});
  } else if (const auto* codebook = std::get_if<CodebookWeight>(&weight)) {
    const BlockScales& scales = codebook->stored_scales();
    tensors.push_back({codes_name(path), codebook->nibbles()});
    tensors.push_back({scales_name(path), scales.codes});
    for (const NamedTensor& tensor : {NamedTensor{steps_name(path), scales.steps},
                                      {mean_name(path), scales.mean},
                                      {levels_name(path), codebook->integer_levels()}}) {
      if (tensor.tensor.defined()) {
        tensors.push_back(tensor);
      }
    }
  } else {
    const Codes& codes = std::get<Int8Weight>(weight).codes();
    tensors.push_back({codes_name(path), codes.codes});
    tensors.push_back({scales_name(path), codes.scales});
  }
}

/// The numbers of a file that are no codes must be finite, and scales not 0: products would silently be wrong.
void check_values(const Tensor& stored, bool zero_allowed, const char* what) {
  const Tensor values =
      stored.dtype() == DType::f32 ? stored : dequantize(HalfWeight(reshape(stored, {1, stored.elements()})));
  for (const float value : values.span<float>()) {
    check(std::isfinite(value) && (zero_allowed || value != 0.0F), "expected {}, got {}", what, value);
  }
}

/// A tensor where the description has one, else an undefined one.
Tensor find_tensor(const SafetensorsFile& file, const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) == names.end() ? Tensor() : file.at(name);
}

CodebookWeight read_codebook(const std::string& path, const LayerDescription& layer, const SafetensorsFile& file) {
  const std::vector<std::string> names = tensor_names(path, layer);
  const BlockScales scales{layer.scale_coding(), file.at(scales_name(path)), find_tensor(file, names, steps_name(path)),
                           find_tensor(file, names, mean_name(path))};
  return {*layer.codebook(),
          file.at(codes_name(path)),
          scales,
          layer.columns,
          layer.group,
          find_tensor(file, names, levels_name(path))};
}

/// `shape` of the layer that the weight is for: entropy-coded bytes do not tell how many codes they are.
AnyWeight read_weight(const std::string& path, const LayerDescription& layer, const Shape& shape,
                      const SafetensorsFile& file) {
  if (layer.is_half()) {
    const Tensor& values = file.at(weight_name(path));
    check(name_of(values.dtype()) == enum_name(layer.format), "expected {} of {}, got {}", weight_name(path),
          enum_name(layer.format), name_of(values.dtype()));
    check_values(values, true, "finite values");
    return HalfWeight(values);
  }
  check(!layer.double_quantized || layer.format == FileFormat::nf4, "expected double_quantized: false for {}, got true",
        enum_name(layer.format));
  check(layer.symmetric || layer.format == FileFormat::int4 || layer.format == FileFormat::int8,
        "expected symmetric: true for {}, got false", enum_name(layer.format));
  if (layer.codebook()) {
    return read_codebook(path, layer, file);
  }
  if (layer.format == FileFormat::fp8) {
    return Fp8Weight(file.at(codes_name(path)), file.at(scales_name(path)));
  }
  if (layer.format == FileFormat::trellis) {
    return TrellisWeight(file.at(codes_name(path)), file.at(scales_name(path)), layer.columns,
                         static_cast<int>(layer.bits));
  }
  const Tensor &codes = file.at(codes_name(path)), &scales = file.at(scales_name(path));
  check_values(scales, false, "finite scales other than 0");
  if (layer.format == FileFormat::entropy) {
    check(layer.columns == shape[1], "expected {} columns, got {}", shape[1], layer.columns);
    return EntropyWeight(codes, scales, shape[0], shape[1]);
  }
  const int bits = static_cast<int>(layer.bits);
  Tensor minimums;
  if (!layer.symmetric) {
    minimums = file.at(minimums_name(path));
    check_values(minimums, true, "finite minimums");
  }
  if (layer.format == FileFormat::int4) {
    const Tensor nibbles = bits == 4 ? codes : unpack_dense(codes, layer.columns, bits, layer.symmetric);
    return Int4Weight(nibbles, scales, layer.columns, bits, layer.granularity, layer.group, minimums);
  }
  return Int8Weight({codes, scales, bits, layer.granularity, layer.group, minimums});
}

std::optional<LowRank> read_low_rank(const std::string& path, const LayerDescription& layer,
                                     const SafetensorsFile& file) {
  if (layer.low_rank == 0) {
    return std::nullopt;
  }
  const Tensor &left = file.at(low_rank_left_name(path)), &right = file.at(low_rank_right_name(path));
  LowRank low_rank{HalfWeight(left), HalfWeight(right)};
  check(low_rank.rank() == layer.low_rank, "expected a correction of rank {} as described, got {}", layer.low_rank,
        low_rank.rank());
  check_values(left, true, "finite values");
  check_values(right, true, "finite values");
  return low_rank;
}

/// Puts the layer that `file` holds in place of that of `slot`. Whatever is wrong is the file's fault.
void load_layer(const std::string& path, const LayerDescription& layer, const SafetensorsFile& file, ChildSlot& slot) {
  try {
    AnyWeight weight = read_weight(path, layer, matrix_shape_of(slot.module()), file);
    check(columns(weight) == layer.columns, "expected {} columns as described, got {}", layer.columns, columns(weight));
    slot.replace(
        quantized_layer(slot.module(), std::move(weight), layer.activation_scheme(), read_low_rank(path, layer, file)));
  } catch (const Error& error) {
    fail(ErrorKind::input, "{}: layer \"{}\": {}", file.path().string(), path, error.what());
  }
}

std::map<std::string, LayerDescription> read_layers(const std::string& quantization, const std::string& name) {
  std::map<std::string, LayerDescription> layers;
  const nlohmann::json json = nlohmann::json::parse(quantization);
  if (!json.is_object() || !json.contains("layers") || !json["layers"].is_object()) {
    fail(ErrorKind::input, "{}: expected \"quantization\" to be an object with an object \"layers\"", name);
  }
  for (const auto& [path, layer] : json["layers"].items()) {
    layers[path] = from_input_json<LayerDescription>(layer, name + ": quantization.layers." + path);
  }
  return layers;
}

}  // namespace

void save_any_model(const Path& folder, Gpt& model, const std::string& recipe, const ModelTies& ties,
                    ProgressSink& progress) {
  ModelExtras extras;
  extras.ties = ties;
  nlohmann::json layers = nlohmann::json::object();
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (const QuantizedMatrix* matrix = quantized_matrix_of(slot.module())) {
      layers[path] = to_json(describe_layer(*matrix));
      append_tensors(path, matrix->weight(), extras.tensors);
      if (const LowRank* low_rank = matrix->low_rank()) {
        extras.tensors.push_back({low_rank_left_name(path), low_rank->left().values()});
        extras.tensors.push_back({low_rank_right_name(path), low_rank->right().values()});
      }
    }
  });
  if (!layers.empty() || !recipe.empty()) {  // a recipe may keep every layer
    nlohmann::json quantization{{"layers", layers}};
    quantization["recipe"] = recipe.empty() ? nlohmann::json::object() : nlohmann::json::parse(recipe);
    extras.quantization = quantization.dump();
  }
  save_model(folder, model, extras, progress);
}

std::unique_ptr<Gpt> load_any_model(const Path& folder) {
  const ModelDescription description = read_model_description(folder);
  if (description.quantization.empty()) {
    return load_model(folder);
  }
  const std::string config_file = (folder / kModelConfigFile).string();
  auto layers = read_layers(description.quantization, config_file);
  const SafetensorsFile file = read_model_weights(folder, description);
  auto model = std::make_unique<Gpt>(description.config);

  std::set<std::string> tensors;
  std::vector<std::string> paths;
  model->for_each_child([&](const std::string& path, ChildSlot& slot) {
    paths.push_back(path);
    const auto layer = layers.find(path);
    if (layer == layers.end()) {
      return;
    }
    load_layer(path, layer->second, file, slot);
    const std::vector<std::string> names = tensor_names(path, layer->second);
    tensors.insert(names.begin(), names.end());
    if (layer->second.low_rank > 0) {
      tensors.insert({low_rank_left_name(path), low_rank_right_name(path)});
    }
    layers.erase(layer);
  });
  if (!layers.empty()) {
    const auto near = nearest_name(layers.begin()->first, paths);
    fail(ErrorKind::input, "{}: quantization.layers: the model has no layer \"{}\"{}", config_file,
         layers.begin()->first, near ? fmt::format(", did you mean \"{}\"?", *near) : "");
  }
  load_parameters(*model, file, tensors);
  return model;
}

std::string read_recipe_json(const Path& folder) {
  const ModelDescription description = read_model_description(folder);
  if (description.quantization.empty()) {
    return {};
  }
  const nlohmann::json json = nlohmann::json::parse(description.quantization);
  return json.is_object() && json.contains("recipe") ? json["recipe"].dump() : std::string();
}

}  // namespace octet
