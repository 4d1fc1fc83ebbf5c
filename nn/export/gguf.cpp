#include "nn/export/gguf.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "io/gguf_writer.h"
#include "nn/export/gguf_keys.h"
#include "nn/import/gguf_blocks.h"
#include "nn/import/layout.h"
#include "nn/import/stored_part.h"
#include "nn/layers/quantized_layer.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

/// A parameter, or the weight of the quantized layer in its place.
struct Weight {
  Tensor values = {};  // FP32, in CPU memory; undefined where it is quantized
  const AnyWeight* stored = nullptr;
  bool is_matrix = false;  // of a layer: one that may have a type of blocks

  std::string describe() const { return stored == nullptr ? "f32" : octet::describe(*stored); }
  /// (R, C), for a vector of one row.
  Tensor rows() const {
    if (stored != nullptr) return dequantize(*stored);
    return values.rank() == 2 ? values : reshape(values, {1, values.elements()});
  }
};

std::map<std::string, Weight> weights_of(Gpt& model) {
  std::map<std::string, Weight> weights;
  for (const auto& [path, parameter] : model.parameters()) {
    weights[path] = {.values = parameter->value().to(DeviceKind::cpu)};
  }
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    const Module& layer = slot.module();
    if (const QuantizedMatrix* matrix = quantized_matrix_of(layer)) {
      if (matrix->low_rank() != nullptr) {
        fail(ErrorKind::config,
             "--to gguf: layer \"{}\": it has no place for a low-rank correction, got one of rank {}; --to hf adds it "
             "to the weight in FP32",
             path, matrix->low_rank()->rank());
      }
      weights[path + ".weight"] = {.stored = &matrix->weight(), .is_matrix = true};
    } else if (dynamic_cast<const LinearBase*>(&layer) != nullptr ||
               dynamic_cast<const EmbeddingBase*>(&layer) != nullptr) {
      weights.at(path + ".weight").is_matrix = true;
    }
  });
  return weights;
}

/// The blocks with the codes of a quantized weight; nothing where the type does not hold them.
std::optional<BlockRows> kept_blocks(const Weight& weight, const GgufType& type) {
  return weight.stored == nullptr ? std::nullopt : blocks_of_weight(*weight.stored, type);
}

/// The type that a weight gets.
const GgufType& type_of(const Weight& weight, const GgufType* wish) {
  if (!weight.is_matrix) return *find_gguf_type("F32");
  if (wish != nullptr) return *wish;
  if (weight.stored == nullptr) return *find_gguf_type("F32");
  for (const char* name : {"MXFP4", "Q4_0", "IQ4_NL", "Q4_1", "Q8_0", "F16", "BF16"}) {  // smallest first
    const GgufType& type = *find_gguf_type(name);
    if (kept_blocks(weight, type)) return type;
  }
  return *find_gguf_type("Q8_0");
}

void check_rows(const SourcePart& part, const GgufType& type) {
  if (part.shape[-1] % type.values != 0) {
    fail(ErrorKind::config,
         "tensor \"{}\": expected rows of a multiple of the {} values of a block of {}, got {}; types without blocks "
         "take any: --type F16, BF16 or F32",
         part.name, type.values, type.name, part.shape[-1]);
  }
}

struct Blocks {
  BlockRows rows;
  bool kept = false;  // the codes of the checkpoint
  double error = 0.0;
};

/// |found - expected| / |expected| in the 2-norm. Error (config) naming the tensor where a number is not finite.
double relative_error(const Tensor& found, const Tensor& expected, const std::string& name, const GgufType& type) {
  double difference = 0.0, size = 0.0;
  const std::span<const float> x = expected.span<float>(), y = found.span<float>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(y[i])) {
      fail(ErrorKind::config, "tensor \"{}\": expected values that {} holds, got {}; --type F32 takes any", name,
           type.name, x[i]);
    }
    difference += std::pow(static_cast<double>(y[i]) - x[i], 2);
    size += std::pow(static_cast<double>(x[i]), 2);
  }
  return difference == 0.0 ? 0.0 : std::sqrt(difference / size);
}

Blocks blocks_of(const Weight& weight, const GgufType& type, const std::string& name) {
  const Tensor values = weight.rows();
  auto kept = kept_blocks(weight, type);
  Blocks blocks;
  blocks.kept = kept.has_value();
  blocks.rows = kept ? *std::move(kept) : blocks_of_values(values, type);
  blocks.error = relative_error(values_of_blocks(blocks.rows), values, name, type);
  return blocks;
}

/// The rows of a part in the order in which its file has them; they begin at row `first`.
std::vector<std::uint8_t> part_bytes(const BlockRows& blocks, const SourcePart& part, std::int64_t first) {
  const std::int64_t size = part.shape.rank() == 1 ? blocks.type->bytes : blocks.row_bytes();  // vectors are F32
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(part.rows() * size));
  for (std::int64_t row = 0; row < part.rows(); ++row) {
    std::copy_n(blocks.bytes.data() + (first + parameter_row(part, row)) * size, size, bytes.data() + row * size);
  }
  return bytes;
}

/// What became of matrices that are not as they were: how many, and the largest error.
class Changes {
 public:
  void add(const Weight& weight, const GgufType& type, const Blocks& blocks) {
    if (blocks.error == 0.0) return;
    auto& [count, error] = kinds_[{weight.describe(), std::string(type.name), blocks.kept}];
    ++count;
    error = std::max(error, blocks.error);
  }

  std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    for (const auto& [kind, change] : kinds_) {
      const auto& [from, type, kept] = kind;
      notes.push_back(fmt::format("{} weights of {} {} {}: relative error {:.2g}", change.first, from,
                                  kept ? "keep their codes, with scales in FP16, as" : "are rounded to", type,
                                  change.second));
    }
    return notes;
  }

 private:
  std::map<std::tuple<std::string, std::string, bool>, std::pair<int, double>> kinds_;
};

bool rounds_inputs(Gpt& model) {
  bool found = false;
  model.for_each_child([&](const std::string&, ChildSlot& slot) {
    const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
    found = found || (matrix != nullptr && matrix->activations() != Activations::weight_only);
  });
  return found;
}

}  // namespace

Exported export_gguf(const std::filesystem::path& file, Gpt& model, const Tokenizer& tokenizer,
                     const GgufOptions& options, ProgressSink& progress) {
  check_rotates_nothing(model.config(), "--to gguf");
  const SourceLayout layout = gguf_layout(model.config(), gguf_architecture(model.config()));
  const std::map<std::string, Weight> weights = weights_of(model);
  std::vector<GgufEntry> entries;
  std::vector<const GgufType*> types;  // of each parameter
  std::vector<const GgufType*> matrices;
  for (const ParameterSource& source : layout.parameters) {
    const Weight& weight = weights.at(source.parameter);
    types.push_back(&type_of(weight, options.type));
    if (weight.is_matrix) matrices.push_back(types.back());
    for (const SourcePart& part : source.parts) {
      check_rows(part, *types.back());
      entries.push_back({part.name, part.shape, types.back()});
    }
  }
  GgufKeys keys = gguf_keys(model.config(), tokenizer, options.name, matrices);
  keys.emplace_back(kGgufExportedKey, options.made_by);
  GgufWriter writer(file, keys, entries);
  Exported exported;
  Changes changes;
  ProgressUpdate update{.task = "export", .unit = "tensor", .total = static_cast<std::int64_t>(entries.size())};
  for (std::size_t i = 0; i < layout.parameters.size(); ++i) {
    const ParameterSource& source = layout.parameters[i];
    const Weight& weight = weights.at(source.parameter);
    const Blocks blocks = blocks_of(weight, *types[i], source.parts.front().name);
    changes.add(weight, *types[i], blocks);
    std::int64_t first = 0;
    for (const SourcePart& part : source.parts) {
      progress.update(update);
      writer.append(part_bytes(blocks.rows, part, first));
      exported.weights.push_back({part.name, weight.describe(), std::string(types[i]->name), blocks.error});
      first += part.rows();
      ++update.done;
    }
  }
  writer.commit();
  progress.finish(update);
  exported.notes = changes.notes();
  if (rounds_inputs(model)) {
    exported.notes.push_back("the file does not tell how inputs of layers are rounded: llama.cpp has a way of its own");
  }
  if (tokenizer.vocabulary().nfc) {
    exported.notes.push_back(
        "the file does not tell that the tokenizer brings texts to normal form C: there they are read as they are");
  }
  return exported;
}

}  // namespace octet
