#include <algorithm>

#include "base/config/record.h"
#include "base/format.h"
#include "base/nearest.h"
#include "base/shown_text.h"
#include "base/text_columns.h"
#include "cli/console.h"
#include "cli/coverage_file.h"
#include "cli/model_folder.h"
#include "cli/shared_options.h"
#include "cli/stored_codes.h"
#include "cli/verbs.h"
#include "eval/outliers/histogram.h"
#include "eval/speed/size.h"
#include "nn/files/quantized_file.h"
#include "nn/layers/quantized_layer.h"

namespace octet {
namespace {

struct InspectArguments {
  std::string checkpoint;
  std::string tensor;  ///< show a histogram of this one
};

// What --json prints has its keys in the order of the alphabet.

/// One stored tensor, with statistics of its values.
struct InspectedTensor {
  double bits_per_weight = 32.0;
  double max_abs = 0.0;
  std::string scheme;
  std::vector<std::int64_t> shape;
  double std = 0.0;
  std::string path;
  Tensor values;
  std::optional<StoredCodes> codes = {};  // of the tensor that was asked for
  std::string no_codes = {};              // why it has none

  template <class V>
  void visit(V& v) {
    v("bits_per_weight", bits_per_weight);
    v("max_abs", max_abs);
    v("scheme", scheme);
    v("shape", shape);
    v("std", std);
    v("tensor", path);
  }
};

/// A model folder.
struct InspectedModel {
  double bits_per_weight = 0.0;
  std::int64_t file_bytes = 0, parameters = 0;
  std::vector<InspectedTensor> tensors;
  std::string recipe;  ///< in words; empty for FP32
  ModelTies made;

  template <class V>
  void visit(V& v) {
    v("bits_per_weight", bits_per_weight);
    v("calibration_sha256", made.calibration_sha256);
    v("file_bytes", file_bytes);
    v("fp32_sha256", made.fp32_sha256);
    v("made_by", made.made_by);
    v("parameters", parameters);
    v("recipe", recipe);
    v("tensors", tensors);
  }
};

struct HistogramBin {
  double center = 0.0;
  std::int64_t count = 0;

  template <class V>
  void visit(V& v) {
    v("center", center);
    v("count", count);
  }
};

/// How the values of one tensor are distributed.
struct TensorHistogram {
  std::optional<StoredCodes> codes;  ///< of a quantized tensor with codes
  std::vector<HistogramBin> bins;
  std::string no_codes;  ///< why it has none; empty where it has some
  std::string scheme, tensor;

  template <class V>
  void visit(V& v) {
    v("codes", codes);
    v("histogram", bins);
    v("no_codes", no_codes);
    v("scheme", scheme);
    v("tensor", tensor);
  }
};

InspectedTensor inspected(const std::string& path, const std::string& scheme, double bits, const Tensor& values) {
  const Moments numbers = measure_moments(values.span<float>());
  const auto sizes = values.shape().sizes();
  return {bits, numbers.max_abs, scheme, {sizes.begin(), sizes.end()}, numbers.std, path, values};
}

/// With the static scale, which differs from layer to layer.
std::string scheme_of(const QuantizedMatrix& matrix) {
  const ActivationScheme& activations = matrix.activation_scheme();
  return activations.kind == Activations::static_scale
             ? fmt::format("{} scale {:.4g}", matrix.describe(), activations.input_scale)
             : matrix.describe();
}

double bits_of(const QuantizedMatrix& matrix) {
  return 8.0 * static_cast<double>(matrix.bytes()) / static_cast<double>(matrix.rows() * matrix.columns());
}

/// With the codes of the one that is called `chosen`.
std::vector<InspectedTensor> tensors_of(Gpt& model, const std::string& chosen) {
  std::vector<InspectedTensor> tensors;
  for (const Module::NamedParameter& entry : model.parameters()) {
    tensors.push_back(inspected(entry.path, "fp32", 32.0, entry.parameter->value()));
    tensors.back().no_codes = "It is stored in FP32, which has no levels to count.";
  }
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (const QuantizedMatrix* matrix = quantized_matrix_of(slot.module())) {
      tensors.push_back(inspected(path + ".weight", scheme_of(*matrix), bits_of(*matrix), matrix->dequantized()));
      if (tensors.back().path == chosen) {
        tensors.back().codes = stored_codes(matrix->weight());
        tensors.back().no_codes = why_no_codes(matrix->weight());
      }
    }
  });
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return tensors;
}

std::string as_table(const InspectedModel& model) {
  std::vector<std::vector<std::string>> table = {{"tensor", "shape", "stored as", "bits", "std", "max |x|", "max/std"}};
  for (const InspectedTensor& tensor : model.tensors) {
    table.push_back({tensor.path, tensor.values.shape().str(), tensor.scheme,
                     fmt::format("{:.2f}", tensor.bits_per_weight), fmt::format("{:.4g}", tensor.std),
                     fmt::format("{:.4g}", tensor.max_abs),
                     fmt::format("{:.1f}", tensor.std > 0 ? tensor.max_abs / tensor.std : 0.0)});
  }
  std::string text = align_columns(table, "<><>>>>");
  text += fmt::format("{} parameters, {} file, {:.2f} bits per weight\n",
                      format_count(static_cast<double>(model.parameters)),
                      format_bytes(static_cast<std::uint64_t>(model.file_bytes)), model.bits_per_weight);
  const auto add = [&](const char* what, const std::string& value) {
    text += value.empty() ? "" : fmt::format("{}: {}\n", what, value);
  };
  add("recipe", model.recipe);
  add("made by", model.made.made_by);
  add("from weights of SHA-256", model.made.fp32_sha256);
  add("calibrated on tokens of SHA-256", model.made.calibration_sha256);
  return text;
}

// Symmetric, so that zero is in the middle of a bin.
Histogram histogram_of(const InspectedTensor& tensor) {
  constexpr int kBins = 41;
  const double reach = std::max(tensor.max_abs, 1e-30);
  return make_histogram(tensor.values.span<float>(), -reach, reach, kBins);
}

std::string histogram_json(const InspectedTensor& tensor) {
  const Histogram histogram = histogram_of(tensor);
  TensorHistogram record = {tensor.codes, {}, tensor.no_codes, tensor.scheme, tensor.path};
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    record.bins.push_back({histogram.center(bin), histogram.counts[bin]});
  }
  return record_to_json(record);
}

// Bars of at most 60 characters.
std::string histogram_text(const InspectedTensor& tensor) {
  constexpr int kBar = 60;
  const Histogram histogram = histogram_of(tensor);
  const std::int64_t largest = *std::max_element(histogram.counts.begin(), histogram.counts.end());
  std::string text = fmt::format("{} {}, {}\n", tensor.path, tensor.values.shape(), tensor.scheme);
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    const auto length = static_cast<std::size_t>(histogram.counts[bin] * kBar / largest);
    text +=
        fmt::format("{:>11.4g} {:<60} {}\n", histogram.center(bin), std::string(length, '#'), histogram.counts[bin]);
  }
  return text + "\n" + (tensor.codes ? stored_codes_text(*tensor.codes) : tensor.no_codes + "\n");
}

void inspect_verb(const CommonOptions& common, const InspectArguments& given) {
  const InspectArguments arguments = of_model(common, given);
  const std::unique_ptr<Gpt> model = load_any_model(arguments.checkpoint);
  const ModelSize size = measure_size(arguments.checkpoint);
  const std::string recipe = read_recipe_json(arguments.checkpoint);
  const bool has_recipe = !recipe.empty() && recipe != "{}";  // a program that quantized by hand names none
  const InspectedModel all = {size.bits_per_weight(),
                              size.file_bytes,
                              size.parameters,
                              tensors_of(*model, arguments.tensor),
                              has_recipe ? read_stored_recipe(arguments.checkpoint).describe() : "",
                              read_model_ties(arguments.checkpoint)};
  if (arguments.tensor.empty()) {
    (common.json ? print_exactly : print)(common.json ? record_to_json(all) : as_table(all));
    return;
  }
  std::vector<std::string> names;
  for (const InspectedTensor& tensor : all.tensors) {
    names.push_back(tensor.path);
    if (tensor.path == arguments.tensor) {
      (common.json ? print_exactly : print)(common.json ? histogram_json(tensor) : histogram_text(tensor));
      return;
    }
  }
  const auto near = nearest_name(arguments.tensor, names);
  fail(ErrorKind::config, "--tensor: {} has no tensor \"{}\"{}", arguments.checkpoint, excerpt(arguments.tensor),
       near ? ", did you mean \"" + *near + "\"?" : "");
}

}  // namespace

void add_inspect(VerbList& verbs) {
  auto [options, arguments] = verbs.add("inspect", "tensors, schemes, bits per weight, histograms", inspect_verb);
  add_any_checkpoint(options, arguments.checkpoint).required();
  options.text("--tensor", arguments.tensor,
               "draw the histogram of this tensor; of a quantized one also its levels, codes and scales");
  options.without({"--out", "--seed", "--device", "--math"});
}

}  // namespace octet
