#include "quant/bit_allocation.h"

#include <algorithm>
#include <cmath>

#include "nn/layers/exchange.h"
#include "nn/layers/quantized_layer.h"
#include "nn/token_distribution.h"
#include "quant/apply_recipe.h"
#include "quant/fp32_model.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

/// A layer in FP32 and rounded, each in its own model.
struct RoundedLayer {
  std::string path;
  ChildSlot* original;
  ChildSlot* rounded;
  BitShare share;
};

/// All weights with as many bits, for a look at one layer at a time.
Recipe evenly_rounded(const Recipe& recipe) {
  Recipe even = recipe;
  even.bit_allocation = BitAllocation::even;
  even.activations = Activations::weight_only;
  if (even.weights.method == RoundingMethod::qronos) {
    even.weights.method = RoundingMethod::gptq;
  }
  return even;
}

/// What the file takes for a matrix of zeros with the same tables. Of a few dozen weights these are bits for each.
double bits_of_zeros(const EntropyWeight& weight) {
  Codes zeros = weight.codes();
  zeros.codes = Tensor::zeros(zeros.codes.shape(), DType::i8);
  return bits_per_weight(EntropyWeight(zeros, weight.multiples()));
}

std::vector<RoundedLayer> rounded_layers(Gpt& model, Gpt& rounded, const Recipe& recipe) {
  const std::map<std::string, ChildSlot*> originals = slots_of(model);
  std::vector<RoundedLayer> layers;
  rounded.for_each_child([&](const std::string& path, ChildSlot& slot) {
    const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
    const bool shares = &recipe.scheme_of(path) == &recipe.weights;
    const auto* weight = matrix != nullptr && shares ? std::get_if<EntropyWeight>(&matrix->weight()) : nullptr;
    if (weight != nullptr) {
      const auto weights = static_cast<double>(matrix->rows() * matrix->columns());
      const double least = std::max(kLeastBits, bits_of_zeros(*weight));
      layers.push_back({path, originals.at(path), &slot, {weights, 0, least}});
    }
  });
  return layers;
}

/// Some windows (1, T) of the text, evenly spread: as many as so many layers can read.
std::vector<Tensor> some_windows(const Calibration& calibration, std::size_t layers) {
  std::vector<Tensor> windows;
  for (const Tensor& batch : calibration.batches) {
    for (std::int64_t row = 0; row < batch.dim(0); ++row) {
      windows.push_back(slice(batch, 0, row, row + 1));
    }
  }
  const auto all = static_cast<std::int64_t>(windows.size());
  const std::int64_t of_all_layers = windows[0].dim(1) * std::max<std::int64_t>(1, static_cast<std::int64_t>(layers));
  const std::int64_t wanted = std::clamp<std::int64_t>(kMeasuredTokens / of_all_layers, 1, all);
  std::vector<Tensor> some;
  for (std::int64_t i = 0; i < wanted; ++i) {
    some.push_back(windows[static_cast<std::size_t>(i * all / wanted)]);
  }
  return some;
}

/// The sum over the positions of p (1, T, V) of KL(p || q), in nats.
double sum_of_divergences(const Tensor& p_logits, const Tensor& q_logits) {
  const std::int64_t positions = p_logits.dim(1);
  const auto vocabulary = static_cast<std::size_t>(p_logits.dim(2));
  std::vector<double> p(vocabulary);
  double sum = 0;
  for (std::int64_t t = 0; t < positions; ++t) {
    const std::span<const float> from(p_logits.data<float>() + t * p_logits.dim(2), vocabulary);
    const std::span<const float> to(q_logits.data<float>() + t * q_logits.dim(2), vocabulary);
    const TokenDistribution p_distribution = token_distribution(from, p);
    sum += kl_divergence(p, from, p_distribution, to, token_distribution(to));
  }
  return sum;
}

}  // namespace

std::vector<double> share_bits(std::span<const BitShare> matrices, double bits) {
  double weights = 0, largest = 0;
  for (const BitShare& matrix : matrices) {
    weights += matrix.weights;
    largest = std::max(largest, matrix.divergence / matrix.weights);
  }
  // A matrix that does no harm at all still has a logarithm.
  const double least = std::max(largest * 1e-9, 1e-300);
  std::vector<double> shares(matrices.size());
  const auto average_with = [&](double c) {
    double sum = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const double harm = std::max(matrices[i].divergence / matrices[i].weights, least);
      shares[i] = std::max(std::min(c + std::log2(harm) / 2, kMostBits), matrices[i].least);
      sum += shares[i] * matrices[i].weights;
    }
    return sum / weights;
  };
  // The average grows with c, from the least to kMostBits between these two.
  double low = kLeastBits - std::log2(std::max(largest, least)) / 2, high = kMostBits - std::log2(least) / 2;
  constexpr int kHalvings = 60;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (average_with(middle) < bits ? low : high) = middle;
  }
  average_with(low);
  return shares;
}

std::map<std::string, double> allocate_bits(Gpt& model, const Recipe& recipe, const Calibration& calibration,
                                            ProgressSink& progress) {
  const NoGrad no_grad;
  check(!calibration.batches.empty(), "[bit allocation] expected a calibration text, got none");
  const std::unique_ptr<Gpt> rounded = fp32_copy(model);
  apply_recipe(*rounded, evenly_rounded(recipe), calibration, progress);
  std::vector<RoundedLayer> layers = rounded_layers(model, *rounded, recipe);
  const std::vector<Tensor> windows = some_windows(calibration, layers.size());

  ProgressUpdate now = {.task = "allocate bits", .unit = "window", .rate_unit = "windows"};
  now.total = static_cast<std::int64_t>(windows.size());
  for (const Tensor& ids : windows) {
    const Tensor logits = model.forward(ids);
    for (RoundedLayer& layer : layers) {
      progress.update(now);
      const Exchange exchange(*layer.original, *layer.rounded);
      layer.share.divergence += sum_of_divergences(logits, model.forward(ids));
    }
    ++now.done;
  }
  progress.finish(now);

  std::vector<BitShare> shares;
  for (const RoundedLayer& layer : layers) {
    shares.push_back(layer.share);
  }
  const std::vector<double> bits = share_bits(shares, recipe.weights.bits);
  std::map<std::string, double> of_layers;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    of_layers[layers[i].path] = bits[i];
  }
  return of_layers;
}

}  // namespace octet
