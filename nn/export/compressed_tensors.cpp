#include "nn/export/compressed_tensors.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "nn/export/full_weights.h"
#include "nn/export/hugging_face.h"
#include "nn/export/hugging_face_config.h"
#include "nn/export/pack_words.h"
#include "nn/import/layout.h"
#include "nn/import/stored_part.h"
#include "nn/layers/quantized_layer.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr int kPackedBits = 4;  // codes of 2 and 3 bits too: words of those changed their layout in 2026

/// A quantized layer as the target holds it.
struct Layer {
  Codes codes;  ///< of a symmetric grid
  ActivationScheme activations;
  OrderedJson scheme = {};  ///< of a config group, without the layers that it is for
  std::string to = {};      ///< "pack-quantized int4 group 32"
  double error = 0;         ///< of rounding it anew; 0 where the codes are those of Octet

  bool packed() const { return codes.bits <= 4; }
};

/// Rows of values on the nearest int8 grid with one scale per row: code = round(value / scale), scale = max|row| / 127.
Codes int8_rows(const Tensor& values) {
  const std::int64_t rows = values.dim(0), columns = values.dim(1);
  Codes codes{Tensor::empty(values.shape(), DType::i8), Tensor::empty({rows})};
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = values.data<float>() + row * columns;
    float largest = 0.0F;
    for (std::int64_t c = 0; c < columns; ++c) largest = std::max(largest, std::abs(from[c]));
    const float scale = largest > 0.0F ? largest / 127.0F : 1.0F;
    codes.scales.data<float>()[row] = scale;
    for (std::int64_t c = 0; c < columns; ++c) {
      const long code = std::clamp(std::lround(from[c] / scale), -127L, 127L);
      codes.codes.data<std::int8_t>()[row * columns + c] = static_cast<std::int8_t>(code);
    }
  }
  return codes;
}

/// |there - here| / |here| in the 2-norm.
double relative_error(const Tensor& there, const Tensor& here) {
  double difference = 0, size = 0;
  for (std::int64_t i = 0; i < here.elements(); ++i) {
    const double value = here.data<float>()[i], moved = there.data<float>()[i] - value;
    difference += moved * moved;
    size += value * value;
  }
  return size > 0 ? std::sqrt(difference / size) : 0;
}

OrderedJson arguments(int bits, bool symmetric, const char* strategy, std::int64_t group, bool dynamic) {
  return {{"num_bits", bits},       {"type", "int"},
          {"symmetric", symmetric}, {"group_size", group > 0 ? OrderedJson(group) : OrderedJson(nullptr)},
          {"strategy", strategy},   {"dynamic", dynamic}};
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

/// The codes to write, and what rounding them anew did.
Layer with_codes(const QuantizedMatrix& matrix) {
  if (has_codes(matrix.weight())) {
    Layer layer{codes_of(matrix.weight()), matrix.activation_scheme()};
    if (layer.codes.is_symmetric()) return layer;
  }
  const Tensor values = dequantize(matrix.weight());
  Layer layer{int8_rows(values), matrix.activation_scheme()};
  layer.error = relative_error(dequantize(layer.codes), values);
  return layer;
}

Layer layer_of(const std::string& path, const QuantizedMatrix& matrix) {
  if (matrix.low_rank() != nullptr) {
    fail(
        ErrorKind::config,
        "--to compressed-tensors: layer \"{}\": it has no place for a low-rank correction, got one of rank {}; --to hf "
        "adds it to the weight in FP32",
        path, matrix.low_rank()->rank());
  }
  Layer layer = with_codes(matrix);
  const Codes& codes = layer.codes;
  if (codes.columns() % codes.columns_per_scale() != 0) {
    fail(ErrorKind::config,
         "--to compressed-tensors: layer \"{}\": it has only whole groups, expected rows of a multiple of {}, got {} "
         "columns; --to hf writes any weight in FP32",
         path, codes.columns_per_scale(), codes.columns());
  }
  const bool grouped = codes.groups() > 1;
  const bool whole = codes.granularity == Granularity::per_tensor;
  const char* format = layer.packed() ? "pack-quantized" : "int-quantized";
  const char* strategy = grouped ? "group" : whole ? "tensor" : "channel";
  const int bits = layer.packed() ? kPackedBits : 8;
  layer.scheme = {{"format", format},
                  {"weights", arguments(bits, true, strategy, grouped ? codes.group : 0, false)},
                  {"input_activations", activation_arguments(layer.activations)},
                  {"output_activations", nullptr}};
  layer.to = fmt::format("{} int{} {}", format, bits, strategy);
  if (grouped) layer.to += fmt::format(" {}", codes.group);
  return layer;
}

/// The scales of rows [begin, end): the one of the tensor, else a matrix.
Tensor scales_of_rows(const Codes& codes, std::int64_t begin, std::int64_t end) {
  if (codes.granularity == Granularity::per_tensor) return codes.scales;
  return reshape(slice(codes.scales, 0, begin, end), {end - begin, codes.groups()});
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
      tensors_.push_back({name + ".weight_packed", pack_words(codes, kPackedBits)});
      tensors_.push_back(
          {name + ".weight_shape", Tensor::from(std::vector<std::int64_t>{codes.dim(0), codes.dim(1)}, {2})});
    } else {
      tensors_.push_back({name + ".weight", codes});
    }
    tensors_.push_back({name + ".weight_scale", scales_of_rows(layer.codes, row, end)});
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
  check_rotates_nothing(model.config(), "--to compressed-tensors");
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
  double largest = 0;
  int rounded = 0;
  for (const ExportedWeight& weight : exported.weights) {
    if (weight.to == "F32" && weight.from != "f32") {
      exported.notes.push_back(fmt::format("{} is written in FP32, as the numbers that it stands for", weight.name));
    }
    largest = std::max(largest, weight.error);
    rounded += weight.error > 0 ? 1 : 0;
  }
  if (rounded > 0) {
    exported.notes.push_back(fmt::format(
        "{} weights have no form there and are rounded anew to int8: they move by at most {:.2g} % of their "
        "size (root mean square)",
        rounded, 100 * largest));
  }
  const auto has = [&](Activations kind) {
    return std::any_of(layers.begin(), layers.end(),
                       [&](const auto& entry) { return entry.second.activations.kind == kind; });
  };
  if (has(Activations::dynamic)) {
    exported.notes.emplace_back(
        "the scale of a token's activations is the largest value / 127.5 there, / 127 here: logits differ by as much as "
        "that rounding does");
  }
  if (has(Activations::outlier_split)) {
    exported.notes.emplace_back(
        "activations with outlier columns apart have no form there: those layers read them as they are, unrounded");
  }
}

}  // namespace

Exported export_compressed_tensors(const std::filesystem::path& folder, Gpt& model, const Tokenizer& tokenizer,
                                   const std::string& made_by, ProgressSink& progress) {
  const std::map<std::string, Layer> layers = layers_of(model);
  const std::map<std::string, FullWeight> weights = full_weights(model);
  const GptConfig& config = model.config();
  Writer writer;
  for (const ParameterSource& source : hugging_face_layout(config).parameters) {
    const FullWeight& weight = weights.at(source.parameter);
    const auto layer = layers.find(source.parameter.substr(0, source.parameter.rfind('.')));
    const bool has_codes = layer != layers.end() && source.parameter.ends_with(".weight");  // a bias has none
    std::int64_t row = 0;
    for (const SourcePart& part : source.parts) {
      if (has_codes) {
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
  write_hugging_face_folder(folder, json, writer.tensors(), config, tokenizer, made_by, progress);
  return writer.exported();
}

}  // namespace octet
