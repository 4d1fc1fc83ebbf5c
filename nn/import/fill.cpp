#include "nn/import/fill.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "nn/import/stored_part.h"
#include "nn/layers/quantized_layer.h"

namespace octet {
namespace {

/// The tensors of a source by name, with those that have been used.
class NamedTensors {
 public:
  NamedTensors(const TensorSource& source, const std::string& where) : source_(source), where_(where) {
    for (std::size_t i = 0; i < source.tensors().size(); ++i) {
      index_[source.tensors()[i].name] = i;
      names_.push_back(source.tensors()[i].name);
    }
  }

  bool contains(const std::string& name) const { return index_.contains(name); }

  /// The tensor, which must be there in this shape. Marks it as used.
  const SourceTensor& expect(const std::string& name, const Shape& shape) {
    const SourceTensor& tensor = source_.tensors()[place(name)];
    if (tensor.shape != shape) {
      fail(ErrorKind::input, "{}: tensor \"{}\": expected shape {}, got {}", tensor.file, name, shape, tensor.shape);
    }
    return tensor;
  }
  void use(const std::string& name) { used_.insert(name); }

  Tensor read(const std::string& name) const { return source_.read(index_.at(name)); }
  std::optional<BlockRows> read_blocks(const std::string& name) const { return source_.read_blocks(index_.at(name)); }
  const SourceTensor& info(const std::string& name) const { return source_.tensors()[index_.at(name)]; }

  void expect_all_used() const {
    for (const SourceTensor& tensor : source_.tensors()) {
      if (!used_.contains(tensor.name)) {
        fail(ErrorKind::input,
             "{}: tensor \"{}\" {}: expected only tensors of the model, got one that it has no use for", tensor.file,
             tensor.name, tensor.shape);
      }
    }
  }

 private:
  std::size_t place(const std::string& name) const {
    const auto found = index_.find(name);
    if (found == index_.end()) {
      const auto near = nearest_name(name, names_);
      fail(ErrorKind::input, "{}: expected a tensor \"{}\", found none{}", where_, name,
           near ? fmt::format("; the nearest name is \"{}\"", *near) : "");
    }
    return found->second;
  }

  const TensorSource& source_;
  std::string where_;
  std::map<std::string, std::size_t> index_;
  std::vector<std::string> names_;
  std::set<std::string> used_;
};

[[noreturn]] void refuse_constant(const SourceTensor& tensor, const char* expected) {
  fail(ErrorKind::input, "{}: tensor \"{}\": expected {}, got other values", tensor.file, tensor.name, expected);
}

/// theta^(-2 i / D), which some programs store in half precision.
void check_frequencies(const Tensor& values, const SourceTensor& tensor, const GptConfig& config) {
  constexpr double kHalfPrecision = 1e-2;  // relative: 2^-9 of BF16, and room for another way to compute a power
  const std::span<const float> found = values.span<float>();
  bool same = found.size() * 2 == static_cast<std::size_t>(config.head_dim());
  for (std::size_t i = 0; same && i < found.size(); ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(config.head_dim());
    const double expected = std::pow(config.rope_theta, exponent);
    same = std::abs(found[i] - expected) <= kHalfPrecision * expected;
  }
  if (!same) refuse_constant(tensor, "the frequencies of rope_theta, head size and positions that are not scaled");
}

void check_mask(const Tensor& values, const SourceTensor& tensor) {
  const Shape& shape = values.shape();
  bool same = shape.rank() == 4 && shape[0] == 1 && shape[1] == 1 && shape[2] == shape[3];
  const std::span<const float> found = values.span<float>();
  for (std::int64_t row = 0, i = 0; same && row < shape[2]; ++row) {
    for (std::int64_t column = 0; same && column < shape[3]; ++column, ++i) {
      same = found[static_cast<std::size_t>(i)] == (column <= row ? 1.0F : 0.0F);
    }
  }
  if (!same) refuse_constant(tensor, "the causal mask (1, 1, T, T), with ones on and below the diagonal");
}

void check_constant(const StoredConstant& constant, NamedTensors& tensors, const Gpt& model) {
  constexpr float kNegative = -1e3F;  // exp of it is zero beside any score
  const SourceTensor& tensor = tensors.info(constant.name);
  const Tensor values = tensors.read(constant.name);
  const std::span<const float> found = values.span<float>();
  switch (constant.kind) {
    case StoredConstant::Kind::inverse_frequencies:
      check_frequencies(values, tensor, model.config());
      break;
    case StoredConstant::Kind::causal_mask:
      check_mask(values, tensor);
      break;
    case StoredConstant::Kind::large_negative:
      if (found.size() != 1 || !(found[0] <= kNegative)) refuse_constant(tensor, "one large negative number");
      break;
    case StoredConstant::Kind::tied_head: {
      const auto& embedding = dynamic_cast<const Embedding&>(*model.embedding);
      const std::span<const float> expected = embedding.weight.value().span<float>();
      if (!std::equal(found.begin(), found.end(), expected.begin(), expected.end())) {
        refuse_constant(tensor, "the token embedding once more, since the head is tied to it");
      }
      break;
    }
  }
}

void check_weights(const Tensor& values, const SourceTensor& tensor) {
  if (tensor.type == "U8") {  // of masks alone
    fail(ErrorKind::input, "{}: tensor \"{}\": expected floating-point numbers, got U8 or BOOL", tensor.file,
         tensor.name);
  }
  const std::span<const float> all = values.span<float>();
  const auto bad = std::find_if(all.begin(), all.end(), [](float value) { return !std::isfinite(value); });
  if (bad != all.end()) {
    fail(ErrorKind::input, "{}: tensor \"{}\": expected finite values, got {} at index {}", tensor.file, tensor.name,
         *bad, bad - all.begin());
  }
}

/// Before a model is made: a wrong number in the configuration must not ask for terabytes.
void check_shapes(const SourceLayout& layout, NamedTensors& tensors) {
  for (const ParameterSource& source : layout.parameters) {
    for (const SourcePart& part : source.parts) {
      tensors.expect(part.name, part.shape);
      tensors.use(part.name);
    }
  }
  for (const StoredConstant& constant : layout.constants) {
    if (tensors.contains(constant.name)) tensors.use(constant.name);
  }
  tensors.expect_all_used();
}

/// The layers whose matrices stand in slots, by their paths.
std::map<std::string, ChildSlot*> matrix_slots(Gpt& model) {
  std::map<std::string, ChildSlot*> slots;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    const Module& layer = slot.module();
    if (dynamic_cast<const LinearBase*>(&layer) != nullptr || dynamic_cast<const EmbeddingBase*>(&layer) != nullptr) {
      slots[path + ".weight"] = &slot;
    }
  });
  return slots;
}

/// The parts of a matrix as they are stored, rows in the order of the parameter. Nothing where they are no blocks with
/// codes, of different types, or hold what no format does.
std::optional<AnyWeight> stored_weight(const ParameterSource& from, const NamedTensors& tensors) {
  std::optional<BlockRows> all;
  for (const SourcePart& part : from.parts) {
    const auto blocks = tensors.read_blocks(part.name);
    if (!blocks || part.stored == StoredAs::columns || (all && all->type != blocks->type)) return std::nullopt;
    if (!all) all = BlockRows{blocks->type, 0, blocks->columns, {}};
    const std::size_t begin = all->bytes.size(), size = static_cast<std::size_t>(blocks->row_bytes());
    all->bytes.resize(begin + blocks->bytes.size());
    for (std::int64_t row = 0; row < blocks->rows; ++row) {
      std::copy_n(blocks->bytes.data() + static_cast<std::size_t>(row) * size, size,
                  all->bytes.data() + begin + static_cast<std::size_t>(parameter_row(part, row)) * size);
    }
    all->rows += blocks->rows;
  }
  return weight_of_blocks(*all);
}

/// Puts a stored weight in place of the matrix of a layer.
void keep(ChildSlot& slot, AnyWeight weight, Activations activations) {
  if (!has_codes(weight)) activations = Activations::weight_only;
  slot.replace(quantized_layer(slot.module(), std::move(weight), activations));
}

}  // namespace

FilledModel filled_model(const GptConfig& config, const SourceLayout& layout, const TensorSource& source,
                         const std::string& where, const ImportOptions& options, ProgressSink& progress) {
  NamedTensors tensors(source, where);
  check_shapes(layout, tensors);
  FilledModel filled{std::make_unique<Gpt>(config), {}};
  Gpt& model = *filled.model;
  std::map<std::string, Parameter*> parameters;
  for (const auto& [path, parameter] : model.parameters()) parameters[path] = parameter;
  const std::map<std::string, ChildSlot*> slots = matrix_slots(model);
  std::vector<std::pair<ChildSlot*, AnyWeight>> stored;  // put in place last, since that ends the life of parameters
  ProgressUpdate update{
      .task = "import", .unit = "tensor", .total = static_cast<std::int64_t>(source.tensors().size())};
  for (const ParameterSource& from : layout.parameters) {
    const auto found = parameters.find(from.parameter);
    check(found != parameters.end(), "[import] the model has no parameter \"{}\"", from.parameter);
    const auto slot = slots.find(from.parameter);
    const bool may_stay = !options.fp32 && slot != slots.end();
    if (auto weight = may_stay ? stored_weight(from, tensors) : std::nullopt) {
      for (const SourcePart& part : from.parts) filled.kept[part.name] = describe(*weight);
      stored.emplace_back(slot->second, *std::move(weight));
      progress.update(update);
      update.done += static_cast<std::int64_t>(from.parts.size());
      parameters.erase(found);
      continue;
    }
    Tensor value = found->second->value();  // a handle: shares the elements
    float* to = value.data<float>();
    for (const SourcePart& part : from.parts) {
      progress.update(update);
      const Tensor values = tensors.read(part.name);
      check_weights(values, tensors.info(part.name));
      to += copy_to_rows(values, part, to);
      ++update.done;
    }
    check(to == value.data<float>() + value.elements(), "[import] the parts of \"{}\" do not fill it", from.parameter);
    parameters.erase(found);
  }
  check(parameters.empty(), "[import] nothing fills {} parameters", parameters.size());
  for (const StoredConstant& constant : layout.constants) {
    if (!tensors.contains(constant.name)) continue;
    progress.update(update);
    check_constant(constant, tensors, model);
    ++update.done;
  }
  for (auto& [slot, weight] : stored) keep(*slot, std::move(weight), options.activations);
  progress.finish(update);
  return filled;
}

}  // namespace octet
