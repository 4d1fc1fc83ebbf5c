#include "eval/microscope/microscope.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/config/config.h"
#include "base/error.h"
#include "base/parallel.h"
#include "base/random.h"
#include "eval/outliers/running_moments.h"
#include "nn/layers/quantized_layer.h"
#include "quant/apply_recipe.h"
#include "quant/quantize_matrix.h"

namespace octet {
namespace {

constexpr std::int64_t kSampleRows = 256, kSampleColumns = 2048;

/// An FP32 weight in CPU memory.
struct NamedMatrix {
  std::string name;
  Tensor values;
};

std::vector<NamedMatrix> matrices_of(Gpt& model) {
  std::vector<NamedMatrix> matrices;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    const Module& module = slot.module();
    if (quantized_matrix_of(module) != nullptr) {
      fail(ErrorKind::config, "[microscope] expected a model in FP32, got one whose layer \"{}\" is quantized", path);
    }
    if (const auto* linear = dynamic_cast<const Linear*>(&module)) {
      matrices.push_back({path + ".weight", linear->weight.value().to(DeviceKind::cpu)});
    } else if (const auto* embedding = dynamic_cast<const Embedding*>(&module)) {
      matrices.push_back({path + ".weight", embedding->weight.value().to(DeviceKind::cpu)});
    }
  });
  return matrices;
}

/// Adds up what a format does to one matrix after another.
class LossSums {
 public:
  void add(const Tensor& original, const WeightScheme& scheme) {
    const AnyWeight stored = quantize_matrix(original, scheme);
    const RunningMoments moments = moments_of(original.span<float>());
    const auto count = static_cast<double>(moments.count);
    noise_ += quantization_error(original, dequantize(stored)).mse * count;
    signal_ += moments.squares + count * moments.mean * moments.mean;  // sum x^2
    bytes_ += static_cast<double>(bytes(stored));
    count_ += count;
  }

  FormatLoss loss() const {
    FormatLoss loss = {8.0 * bytes_ / count_, signal_ > 0 ? noise_ / signal_ : 0.0,
                       std::numeric_limits<double>::infinity()};
    if (loss.relative_mse > 0) {
      loss.snr_db = -10.0 * std::log10(loss.relative_mse);
    }
    return loss;
  }

 private:
  double noise_ = 0, signal_ = 0, bytes_ = 0, count_ = 0;
};

/// Whether weights are stored alike: `automatic` means a format too.
bool same_weights(WeightScheme a, WeightScheme b) {
  a.format = a.stored_format();
  b.format = b.stored_format();
  return differences(a, b).empty();
}

FormatRow row_of(const Recipe& recipe, const Tensor& samples) {
  FormatRow row;
  row.name = recipe.name;
  row.scheme = recipe.weights.describe();
  row.gaussian = format_loss(samples, recipe.weights);
  row.times_shannon = row.gaussian.relative_mse * std::exp2(2.0 * row.gaussian.bits_per_weight);
  return row;
}

/// Errors: what quantize_matrix refuses, naming the matrix.
FormatLoss loss_of(const std::vector<NamedMatrix>& matrices, const WeightScheme& scheme) {
  LossSums sums;
  for (const NamedMatrix& matrix : matrices) {
    try {
      sums.add(matrix.values, scheme);
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("{}: {}", matrix.name, error.what()));
    }
  }
  return sums.loss();
}

}  // namespace

Tensor gaussian_samples(std::uint64_t seed) {
  Tensor samples = Tensor::empty({kSampleRows, kSampleColumns});
  const Random random(seed, hash_name("microscope"));
  float* x = samples.data<float>();
  parallel_for(samples.elements(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      x[i] = random.normal(static_cast<std::uint64_t>(i));
    }
  });
  return samples;
}

FormatLoss format_loss(const Tensor& matrix, const WeightScheme& scheme) {
  LossSums sums;
  sums.add(matrix, scheme);
  return sums.loss();
}

double kurtosis(std::span<const float> values) {
  const RunningMoments moments = moments_of(values);
  double fourth = 0;
  for (const float value : values) {
    const double square = (value - moments.mean) * (value - moments.mean);
    fourth += square * square;
  }
  return fourth * static_cast<double>(moments.count) / (moments.squares * moments.squares);
}

MicroscopeReport microscope(std::span<const Recipe> recipes, Gpt* model, std::uint64_t seed, ProgressSink& progress) {
  const Tensor samples = gaussian_samples(seed);
  const std::vector<NamedMatrix> matrices = model != nullptr ? matrices_of(*model) : std::vector<NamedMatrix>();
  MicroscopeReport report;
  report.samples = samples.elements();
  for (const NamedMatrix& matrix : matrices) {
    report.matrices.push_back(
        {matrix.name, {matrix.values.dim(0), matrix.values.dim(1)}, kurtosis(matrix.values.span<float>())});
  }
  ProgressUpdate update{.task = "microscope",
                        .unit = "recipe",
                        .total = static_cast<std::int64_t>(recipes.size()),
                        .rate_unit = "recipes"};
  progress.update(update);
  std::vector<const Recipe*> measured;  // of the rows, in their order
  for (const Recipe& recipe : recipes) {
    const auto twin = std::find_if(measured.begin(), measured.end(),
                                   [&](const Recipe* other) { return same_weights(recipe.weights, other->weights); });
    if (recipe.weights.needs_inputs()) {
      report.left_out.push_back({recipe.name, "it rounds by the inputs of layers, and here are none"});
    } else if (twin != measured.end()) {
      report.formats[static_cast<std::size_t>(twin - measured.begin())].same.push_back(recipe.name);
    } else {
      try {
        report.formats.push_back(row_of(recipe, samples));
        measured.push_back(&recipe);
        if (model != nullptr) {
          report.formats.back().model = loss_of(matrices, recipe.weights);
        }
      } catch (const Error& error) {  // FP32 is no stored form, and a method may want more than a matrix
        report.left_out.push_back({recipe.name, error.what()});
      }
    }
    ++update.done;
    progress.update(update);
  }
  progress.finish(update);
  if (report.formats.empty()) {
    fail(ErrorKind::config, "[microscope] expected a recipe whose weights can be stored, got {}",
         report.left_out.empty() ? "none" : report.left_out.front().reason);
  }
  std::stable_sort(report.formats.begin(), report.formats.end(), [](const FormatRow& a, const FormatRow& b) {
    return std::pair(a.gaussian.bits_per_weight, a.gaussian.relative_mse) <
           std::pair(b.gaussian.bits_per_weight, b.gaussian.relative_mse);
  });
  return report;
}

}  // namespace octet
