#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/text_columns.h"
#include "cli/console.h"
#include "eval/outliers/histogram.h"
#include "eval/speed/size.h"
#include "nn/files/quantized_file.h"
#include "nn/layers/quantized_embedding.h"

namespace octet {
namespace {

/// One stored tensor, as floating-point values.
struct InspectedTensor {
  std::string path;
  std::string scheme;
  double bits_per_weight = 32.0;
  Tensor values;
};

/// With the static scale, which differs from layer to layer.
std::string scheme_of(const QuantizedMatrix& matrix) {
  const ActivationScheme& activations = matrix.activation_scheme();
  return activations.kind == Activations::static_scale
             ? fmt::format("{} scale {:.4g}", matrix.describe(), activations.input_scale)
             : matrix.describe();
}

std::vector<InspectedTensor> tensors_of(Gpt& model) {
  std::vector<InspectedTensor> tensors;
  for (const Module::NamedParameter& entry : model.parameters()) {
    tensors.push_back({entry.path, "fp32", 32.0, entry.parameter->value()});
  }
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (const QuantizedMatrix* matrix = quantized_matrix_of(slot.module())) {
      tensors.push_back(
          {path + ".weight", scheme_of(*matrix), bits_per_weight(matrix->weight()), dequantize(matrix->weight())});
    }
  });
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return tensors;
}

std::string as_table(const std::vector<InspectedTensor>& tensors, const ModelSize& size) {
  std::vector<std::vector<std::string>> table = {{"tensor", "shape", "stored as", "bits", "std", "max |x|", "max/std"}};
  for (const InspectedTensor& tensor : tensors) {
    const Moments numbers = measure_moments(tensor.values.span<float>());
    table.push_back({tensor.path, tensor.values.shape().str(), tensor.scheme,
                     fmt::format("{:.2f}", tensor.bits_per_weight), fmt::format("{:.4g}", numbers.std),
                     fmt::format("{:.4g}", numbers.max_abs),
                     fmt::format("{:.1f}", numbers.std > 0 ? numbers.max_abs / numbers.std : 0.0)});
  }
  return align_columns(table, "<><>>>>") + fmt::format("{} parameters, {} file, {:.2f} bits per weight\n",
                                                       format_count(static_cast<double>(size.parameters)),
                                                       format_bytes(static_cast<std::uint64_t>(size.file_bytes)),
                                                       size.bits_per_weight());
}

std::string as_json(const std::vector<InspectedTensor>& tensors, const ModelSize& size) {
  nlohmann::json rows = nlohmann::json::array();
  for (const InspectedTensor& tensor : tensors) {
    const Moments numbers = measure_moments(tensor.values.span<float>());
    const auto sizes = tensor.values.shape().sizes();
    rows.push_back({{"tensor", tensor.path},
                    {"shape", std::vector<std::int64_t>(sizes.begin(), sizes.end())},
                    {"scheme", tensor.scheme},
                    {"bits_per_weight", tensor.bits_per_weight},
                    {"std", numbers.std},
                    {"max_abs", numbers.max_abs}});
  }
  return json_text(nlohmann::json{{"parameters", size.parameters},
                                  {"file_bytes", size.file_bytes},
                                  {"bits_per_weight", size.bits_per_weight()},
                                  {"tensors", rows}},
                   2) +
         "\n";
}

// Symmetric, so that zero is in the middle of a bin.
Histogram histogram_of(const InspectedTensor& tensor) {
  constexpr int kBins = 41;
  const double reach = std::max(measure_moments(tensor.values.span<float>()).max_abs, 1e-30);
  return make_histogram(tensor.values.span<float>(), -reach, reach, kBins);
}

std::string histogram_json(const InspectedTensor& tensor) {
  const Histogram histogram = histogram_of(tensor);
  nlohmann::json bins = nlohmann::json::array();
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    bins.push_back({{"center", histogram.center(bin)}, {"count", histogram.counts[bin]}});
  }
  return json_text(nlohmann::json{{"tensor", tensor.path}, {"scheme", tensor.scheme}, {"histogram", bins}}, 2) + "\n";
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
  return text;
}

}  // namespace

void inspect_verb(const CommonOptions& common, const InspectArguments& arguments) {
  const std::unique_ptr<Gpt> model = load_any_model(arguments.checkpoint);
  const std::vector<InspectedTensor> tensors = tensors_of(*model);
  const ModelSize size = measure_size(arguments.checkpoint);
  if (arguments.tensor.empty()) {
    (common.json ? print_exactly : print)(common.json ? as_json(tensors, size) : as_table(tensors, size));
    return;
  }
  std::vector<std::string> names;
  for (const InspectedTensor& tensor : tensors) {
    names.push_back(tensor.path);
    if (tensor.path == arguments.tensor) {
      (common.json ? print_exactly : print)(common.json ? histogram_json(tensor) : histogram_text(tensor));
      return;
    }
  }
  const auto near = nearest_name(arguments.tensor, names);
  fail(ErrorKind::config, "--tensor: {} has no tensor \"{}\"{}", arguments.checkpoint, arguments.tensor,
       near ? ", did you mean \"" + *near + "\"?" : "");
}

}  // namespace octet
