#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "base/progress.h"
#include "nn/gpt.h"
#include "quant/recipe.h"

namespace octet {

// How good is a format by itself, before any model or text? It rounds normally distributed numbers, which is what
// weights look like within a row, and its error is held against the least that any code of that size can make:
//
//     D(R) = 4^-R        of a Gaussian source of variance 1, in R bits for each number
//
// Cover and Thomas 2006, "Elements of Information Theory", theorem 10.3.2 with D for the squared error. No format lies
// below that line, and none that rounds each number by itself comes near it.

/// What a format makes of some matrices.
struct FormatLoss {
  double bits_per_weight = 0;  ///< of the bytes that are stored, with scales
  double relative_mse = 0;     ///< sum (x - x')^2 / sum x^2; 0 where all x are 0
  double snr_db = 0;           ///< -10 log10(relative_mse); infinite where nothing is lost

  template <class V>
  void visit(V& v) {
    v("bits_per_weight", bits_per_weight);
    v("relative_mse", relative_mse);
    v("snr_db", snr_db, allow_nonfinite());
  }
};

/// One way to store weights.
struct FormatRow {
  std::string name;                 ///< of the first recipe that stores them so
  std::vector<std::string> same;    ///< the other recipes that do, which differ in activations and exceptions
  std::string scheme;               ///< "int4 per_group 32"
  FormatLoss gaussian;              ///< of gaussian_samples()
  double times_shannon = 0;         ///< relative_mse of these / 4^-bits_per_weight: at least 1
  std::optional<FormatLoss> model;  ///< of all matrices of a model together; none where one is refused

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("same", same);
    v("scheme", scheme);
    v("gaussian", gaussian);
    v("times_shannon", times_shannon);
    v("model", model);
  }
};

/// A recipe whose weights cannot be stored by themselves, or cannot store the model, with the reason.
struct FormatLeftOut {
  std::string name, reason;

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("reason", reason);
  }
};

/// How normal the weights of one matrix are.
struct MatrixShape {
  std::string tensor;  ///< "blocks.0.mlp.up.weight"
  std::vector<std::int64_t> shape;
  double kurtosis = 0;  ///< 3 of normal numbers; see kurtosis()

  template <class V>
  void visit(V& v) {
    v("tensor", tensor);
    v("shape", shape);
    v("kurtosis", kurtosis, allow_nonfinite());
  }
};

/// The fewest bits first; among equals the smallest error.
struct MicroscopeReport {
  std::int64_t samples = 0;
  std::vector<FormatRow> formats;
  std::vector<FormatLeftOut> left_out;
  std::vector<MatrixShape> matrices;  ///< of the model; none without one

  template <class V>
  void visit(V& v) {
    v("samples", samples);
    v("formats", formats);
    v("left_out", left_out);
    v("matrices", matrices);
  }
};

/// 2^19 standard normal numbers as a matrix (256, 2048): always the same ones for the same seed.
Tensor gaussian_samples(std::uint64_t seed);

/// Stores the samples, and all matrices of `model` where one is given, by the weights of every recipe
/// (quantize_matrix of quant/apply_recipe.h): recipes whose weights are alike make one row. What quantize_matrix
/// refuses is left out with its message. Errors: (config) the model is quantized already; no recipe is left;
/// interrupted.
MicroscopeReport microscope(std::span<const Recipe> recipes, Gpt* model, std::uint64_t seed, ProgressSink& progress);

/// What `scheme` makes of one matrix. Errors: as quantize_matrix.
FormatLoss format_loss(const Tensor& matrix, const WeightScheme& scheme);

/// E[(x - mean)^4] / E[(x - mean)^2]^2: 3 for normal numbers, more where a few are far out, 1.8 for uniform ones. NaN
/// where all are equal.
double kurtosis(std::span<const float> values);

/// For the terminal.
std::string microscope_table(const MicroscopeReport& report);

}  // namespace octet
