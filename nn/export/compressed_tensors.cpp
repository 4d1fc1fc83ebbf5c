#include "nn/export/compressed_tensors.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "nn/export/full_weights.h"
#include "nn/export/hugging_face.h"
#include "nn/export/hugging_face_config.h"
#include "nn/export/pack_words.h"
#include "nn/export/zero_points.h"
#include "nn/import/layout.h"
#include "nn/import/stored_part.h"
#include "nn/layers/quantized_layer.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// A quantized layer as the target holds it.
struct Layer {
  Codes codes;         ///< of a symmetric grid, or with zero points
  Tensor zero_points;  ///< i8 in the shape of the scales; undefined on a symmetric grid
  ActivationScheme activations;
  OrderedJson scheme;  ///< of a config group, without the layers that it is for
  std::string to;      ///< "pack-quantized int4 group 32"
  double error = 0;

  bool packed() const { return scheme["format"] == "pack-quantized"; }
};

/// |there - here| / |here| of the values of both.
double relative_error(const Codes& there, const Tensor& zero_points, const Tensor& here) {
  double difference = 0, size = 0;
  for (std::int64_t row = 0; row < there.rows(); ++row) {
    for (std::int64_t c = 0; c < there.columns(); ++c) {
      const std::int64_t group = c / there.columns_per_scale(), place = row * there.columns() + c;
      const float code = static_cast<float>(there.codes.data<std::int8_t>()[place]);
      const float zero = zero_points.data<std::int8_t>()[row * there.groups() + group];
      const double value = here.data<float>()[place];
      difference += std::pow((code - zero) * there.scale(row, group) - value, 2);
      size += value * value;
    }
  }
  return size > 0 ? std::sqrt(difference / size) : 0;
}

OrderedJson arguments(int bits, bool symmetric, const char* strategy, std::int64_t group, bool dynamic) {
  return {{"num_bits", bits},
          {"type", "int"},
          {"symmetric", symmetric},
          {"group_size", group > 0 ? OrderedJson(group) : OrderedJson(nullptr)},
          {"strategy", strategy},
          {"block_structure", nullptr},
          {"dynamic", dynamic},
          {"actorder", nullptr},
          {"observer", dynamic ? OrderedJson(nullptr) : OrderedJson("minmax")},
          {"observer_kwargs", OrderedJson::object()}};
}

OrderedJson activation_arguments(const ActivationScheme& activations) {
  switch (activations.kind) {
    case Activations::dynamic:
      return arguments(8, true, "token", 0, true);
    case Activations::static_scale:
      return arguments(8, activations.zero_point == 0, "tensor", 0, false);
    default:
      return nullptr;
  }
}

void check_layer(const std::string& path, const QuantizedMatrix& matrix) {
  const auto refuse = [&](const std::string& reason) {
    fail(ErrorKind::config, "--to compressed-tensors: layer \"{}\": {}; --to hf writes any weight in FP32", path,
         reason);
  };
  if (!has_codes(matrix.weight())) {
    refuse(fmt::format("it has integer codes with scales alone, expected int8, int4, table4 or entropy, got {}",
                       matrix.describe()));
  }
  if (matrix.activations() == Activations::outlier_split) {
    refuse(fmt::format("it has no activations with outlier columns apart, got {}", matrix.describe()));
  }
  const Codes codes = codes_of(matrix.weight());
  if (codes.columns() % codes.columns_per_scale() != 0) {
    refuse(fmt::format("it has only whole groups, expected rows of a multiple of {}, got {} columns",
                       codes.columns_per_scale(), codes.columns()));
  }
  if (!codes.is_symmetric() && (codes.bits > 4 || codes.granularity == Granularity::per_tensor)) {
    refuse(fmt::format("it has zero points of up to 4 bits per channel or group, got {}", matrix.describe()));
  }
}

Layer layer_of(const std::string& path, const QuantizedMatrix& matrix) {
  check_layer(path, matrix);
  Layer layer{codes_of(matrix.weight()), {}, matrix.activation_scheme(), {}, {}};
  const bool symmetric = layer.codes.is_symmetric();
  if (!symmetric) {
    ZeroPointCodes with = with_zero_points(layer.codes);
    layer.error = relative_error(with.codes, with.zero_points, dequantize(matrix.weight()));
    layer.codes = with.codes;
    layer.zero_points = with.zero_points;
  }
  const bool packed = layer.codes.bits <= 4;
  const bool grouped = layer.codes.groups() > 1;
  const char* strategy = grouped ? "group" : layer.codes.granularity == Granularity::per_tensor ? "tensor" : "channel";
  const char* format = packed ? "pack-quantized" : "int-quantized";
  const int bits = packed ? 4 : 8;
  layer.scheme = {{"format", format},
                  {"weights", arguments(bits, symmetric, strategy, grouped ? layer.codes.group : 0, false)},
                  {"input_activations", activation_arguments(layer.activations)},
                  {"output_activations", nullptr}};
  layer.to = fmt::format("{} int{} {}", format, bits, strategy);
  if (grouped) layer.to += fmt::format(" {}", layer.codes.group);
  return layer;
}

/// Scales or zero points of rows [begin, end): as they are per tensor, else a matrix.
Tensor of_rows(const Tensor& values, const Codes& codes, std::int64_t begin, std::int64_t end) {
  if (codes.granularity == Granularity::per_tensor) return values;
  return reshape(slice(values, 0, begin, end), {end - begin, codes.groups()});
}

/// Collects tensors and what config.json says of them.
class Writer {
 public:
  void add_plain(const SourcePart& part, const FullWeight& weight, std::int64_t row) {
    tensors_.push_back({part.name, stored_from_rows(slice(weight.values, 0, row, row + part.rows()), part)});
    exported_.weights.push_back({part.name, weight.from, "F32"});
    if (part.shape.rank() == 2 && !part.name.ends_with("embed_tokens.weight")) ignore_.push_back(module_of(part));
  }

  void add_layer(const SourcePart& part, const Layer& layer, const std::string& from, std::int64_t row) {
    const std::string name = module_of(part);
    const std::int64_t end = row + part.rows();
    const Tensor codes = slice(layer.codes.codes, 0, row, end);
    if (layer.packed()) {
      tensors_.push_back({name + ".weight_packed", pack_words(codes, 4)});
      tensors_.push_back(
          {name + ".weight_shape", Tensor::from(std::vector<std::int64_t>{codes.dim(0), codes.dim(1)}, {2})});
    } else {
      tensors_.push_back({name + ".weight", codes});
    }
    tensors_.push_back({name + ".weight_scale", of_rows(layer.codes.scales, layer.codes, row, end)});
    if (layer.zero_points.defined()) {
      const Tensor zeros = of_rows(layer.zero_points, layer.codes, row, end);
      tensors_.push_back({name + ".weight_zero_point",
                          contiguous(transpose(pack_words(contiguous(transpose(zeros, 0, 1)), 4), 0, 1))});
    }
    if (layer.activations.kind == Activations::static_scale) {
      tensors_.push_back({name + ".input_scale", Tensor::full({1}, layer.activations.input_scale)});
      if (layer.activations.zero_point != 0) {
        Tensor zero = Tensor::zeros({1}, DType::i8);
        zero.data<std::int8_t>()[0] = static_cast<std::int8_t>(layer.activations.zero_point);
        tensors_.push_back({name + ".input_zero_point", zero});
      }
    }
    exported_.weights.push_back({part.name, from, layer.to, layer.error});
    group_of(layer.scheme).push_back(name);
  }

  /// The head of a model whose head is tied: a Linear all the same.
  void ignore(const std::string& name) { ignore_.push_back(name); }

  OrderedJson quantization_config() const {
    OrderedJson groups = OrderedJson::object();
    std::string format;
    for (const Group& group : groups_) {
      OrderedJson& json = groups[fmt::format("group_{}", groups.size())];
      json["targets"] = groups_.size() == 1 ? std::vector<std::string>{"Linear"} : group.layers;
      json.update(group.scheme);
      const auto own = group.scheme["format"].get<std::string>();
      format = format.empty() || format == own ? own : "mixed-precision";
    }
    return {{"quant_method", "compressed-tensors"},
            {"format", format},
            {"quantization_status", "compressed"},
            {"global_compression_ratio", nullptr},
            {"kv_cache_scheme", nullptr},
            {"ignore", ignore_},
            {"config_groups", groups}};
  }

  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  Exported& exported() { return exported_; }

 private:
  struct Group {
    OrderedJson scheme;
    std::vector<std::string> layers;
  };

  static std::string module_of(const SourcePart& part) {
    return part.name.substr(0, part.name.size() - std::string(".weight").size());
  }
  std::vector<std::string>& group_of(const OrderedJson& scheme) {
    for (Group& group : groups_) {
      if (group.scheme == scheme) return group.layers;
    }
    groups_.push_back({scheme, {}});
    return groups_.back().layers;
  }

  std::vector<NamedTensor> tensors_;
  std::vector<Group> groups_;
  std::vector<std::string> ignore_;
  Exported exported_;
};

/// The layers of the blocks that hold codes, by path.
std::map<std::string, Layer> layers_of(Gpt& model) {
  if (model.config().architecture != Architecture::llama) {
    fail(ErrorKind::config,
         "--to compressed-tensors: expected a model of Llama shape, got GPT-2: its layers are Conv1D in transformers, "
         "which compressed-tensors cannot quantize; --to hf writes them in FP32");
  }
  std::map<std::string, Layer> layers;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
    if (matrix == nullptr || !path.starts_with("blocks.") || std::holds_alternative<HalfWeight>(matrix->weight()))
      return;
    layers.emplace(path, layer_of(path, *matrix));
  });
  if (layers.empty()) {
    fail(
        ErrorKind::config,
        "--to compressed-tensors: expected layers with int8 or int4 codes, got none; octet quantize makes them, and --to "
        "hf writes models without");
  }
  return layers;
}

void add_notes(const std::map<std::string, Layer>& layers, Exported& exported) {
  std::vector<std::string> dequantized;
  double largest = 0;
  for (const ExportedWeight& weight : exported.weights) {
    if (weight.to == "F32" && weight.from != "f32") dequantized.push_back(weight.name);
    largest = std::max(largest, weight.error);
  }
  for (const std::string& name : dequantized) {
    exported.notes.push_back(fmt::format("{} is written in FP32, as the numbers that it stands for", name));
  }
  if (largest > 0) {
    exported.notes.push_back(fmt::format(
        "minimums become whole zero points there: the weights move by at most {:.3g} of their size", largest));
  }
  for (const auto& [path, layer] : layers) {
    if (layer.activations.kind == Activations::weight_only) continue;
    exported.notes.push_back(
        "activations are rounded there to codes from -128 on, and in dynamic layers with largest value / 127.5 as the "
        "scale; here from -127 on, with largest value / 127");
    break;
  }
}

}  // namespace

Exported export_compressed_tensors(const std::filesystem::path& folder, Gpt& model, const Tokenizer& tokenizer,
                                   const std::string& made_by) {
  const std::map<std::string, Layer> layers = layers_of(model);
  const std::map<std::string, FullWeight> weights = full_weights(model);
  const GptConfig& config = model.config();
  Writer writer;
  for (const ParameterSource& source : hugging_face_layout(config).parameters) {
    const FullWeight& weight = weights.at(source.parameter);
    const auto layer = layers.find(source.parameter.substr(0, source.parameter.rfind('.')));
    std::int64_t row = 0;
    for (const SourcePart& part : source.parts) {
      if (layer != layers.end()) {
        writer.add_layer(part, layer->second, weight.from, row);
      } else {
        writer.add_plain(part, weight, row);
      }
      row += part.rows();
    }
  }
  if (config.tied_head) writer.ignore("lm_head");
  add_notes(layers, writer.exported());
  OrderedJson json = hugging_face_config(config, tokenizer);
  json["quantization_config"] = writer.quantization_config();
  write_hugging_face_folder(folder, json, writer.tensors(), config, tokenizer, made_by);
  return writer.exported();
}

}  // namespace octet
