#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "nn/layers/quantized_matrix.h"
#include "quant/transform_config.h"

namespace octet {

/// How a matrix is stored. automatic: int4 for up to 4 bits, int8 above.
enum class WeightFormat { automatic, int8, int4, nf4, mxfp4, nvfp4, table4, trellis, fp8, fp16, bf16, fp32 };

template <>
inline constexpr auto enum_names<WeightFormat> = std::to_array<EnumName<WeightFormat>>({
    {WeightFormat::automatic, "auto"},
    {WeightFormat::int8, "int8"},
    {WeightFormat::int4, "int4"},
    {WeightFormat::nf4, "nf4"},
    {WeightFormat::mxfp4, "mxfp4"},
    {WeightFormat::nvfp4, "nvfp4"},
    {WeightFormat::table4, "table4"},
    {WeightFormat::trellis, "trellis"},
    {WeightFormat::fp8, "fp8"},
    {WeightFormat::fp16, "fp16"},
    {WeightFormat::bf16, "bf16"},
    {WeightFormat::fp32, "fp32"},
});

/// How scales and codes are chosen (quant/absmax.h, search.h, hqq.h, gptq.h).
///   auto     search for int4, table4 and trellis, absmax for int8, their own rule for the other formats
///   absmax   each weight to the nearest value of a grid that reaches to the largest one (nf4, mxfp4, nvfp4: their
///   rule) search   the same on the grid that loses least hqq      the same on a grid with a minimum that ignores
///   outliers gptq     on searched grids; columns make up for the errors of those before them, by what a text shows of
///   inputs qronos   gptq that makes up for the errors of the layers before as well
enum class RoundingMethod { automatic, absmax, search, hqq, gptq, qronos };

template <>
inline constexpr auto enum_names<RoundingMethod> = std::to_array<EnumName<RoundingMethod>>({
    {RoundingMethod::automatic, "auto"},
    {RoundingMethod::absmax, "absmax"},
    {RoundingMethod::search, "search"},
    {RoundingMethod::hqq, "hqq"},
    {RoundingMethod::gptq, "gptq"},
    {RoundingMethod::qronos, "qronos"},
});

/// How the weights of some layers are stored.
struct WeightScheme {
  WeightFormat format = WeightFormat::automatic;
  std::int64_t bits = 8;  ///< 2 to 8, of int8 and int4; 2 to 4, of trellis; the others ignore it
  /// Ignored by fp16, bf16, fp32; the formats of 16 levels (nf4, mxfp4, nvfp4, table4) take per_group alone,
  /// and trellis and fp8 per_channel.
  Granularity granularity = Granularity::per_channel;
  /// Columns per scale, for per_group; the last group of a row may be shorter. mxfp4 has 32 and nvfp4 has 16.
  std::int64_t group = 32;
  bool symmetric = true;          ///< false: each scale has a minimum beside it (quant/minmax.h), for int4
  bool double_quantized = false;  ///< the scales of nf4 take 8 bits each (quant/double_quantization.h)
  RoundingMethod method = RoundingMethod::automatic;
  /// Scales are searched by the error of the layer's output: an error counts as much as its inputs are large on
  /// average.
  bool imatrix = false;

  /// Integer codes, which int8 activations can multiply: int8, int4, table4.
  bool has_codes() const;
  /// Codes on a grid with even steps: int8, int4.
  bool has_grid() const;
  /// 16 levels: nf4, mxfp4, nvfp4, table4.
  std::optional<Codebook> codebook() const;
  /// The format with `automatic` resolved.
  WeightFormat stored_format() const;
  /// The method with `automatic` resolved.
  RoundingMethod chosen_method() const;
  /// Layers are rounded in the order in which they run, since one must know what those before it have become.
  bool has_feedback() const;
  /// Inputs of the layers must be known.
  bool needs_inputs() const { return has_feedback() || imatrix; }
  /// The same codes and scales, found without a look at inputs.
  WeightScheme without_inputs() const;
  /// "int4 per_group 32"
  std::string describe() const;

  template <class V>
  void visit(V& v) {
    v("format", format);
    v("bits", bits, in_range(2, 8));
    v("granularity", granularity);
    v("group", group, in_range(1, 1 << 20));  // more than any matrix has columns
    v("symmetric", symmetric);
    v("double_quantized", double_quantized);
    v("method", method);
    v("imatrix", imatrix);
  }
  void validate(Problems& problems) const;

 private:
  void validate_method(Problems& problems) const;
  void validate_codebook(Problems& problems) const;
};

/// Of the outlier split: model files hold it as a float, which ends at 3.4e38.
inline constexpr double kLargestThreshold = 1e30;

/// What the model reads of the calibration part of the text while the inputs of each layer are observed, and how static
/// scales are found from that: the `calibration` section of a recipe.
struct CalibrationConfig {
  std::int64_t windows = 32;  ///< of the model's context, spread evenly over the calibration part
  /// The share of the inputs that the int8 grid reaches, in percent: 100 is the largest magnitude of all (absmax); less
  /// clips the largest few and gives the others smaller steps.
  double percentile = 100.0;

  bool operator==(const CalibrationConfig&) const = default;

  template <class V>
  void visit(V& v) {
    v("windows", windows, at_least(1));
    v("percentile", percentile, in_range(50, 100));
  }
};

/// What becomes of each matrix of a model: an entry of `quantize:` of a run, or a file of configs/recipes/. Biases,
/// norm gains and learned positions stay FP32; apply_recipe() reports them.
///
///     name: int4
///     bits: 4
///     granularity: per_group
///     group: 32
///     activations: dynamic      # weight_only, static (with calibration), outlier_split (with threshold)
///     embedding: {bits: 8, granularity: per_channel}
///     keep_fp32: ["blocks.0.*"]
///     transforms: [smooth]      # of the FP32 model, before: transformed() of quant/transforms/transform.h
///     smooth: {alpha: 0.5}
struct Recipe {
  std::string name = "recipe";  ///< of the folder (file_name_for) and in the report; see name_rule_broken
  WeightScheme weights;         ///< of all matrices, but for the exceptions below; its keys stand beside the others
  Activations activations = Activations::weight_only;
  CalibrationConfig calibration;  ///< of static activations, imatrix, gptq and qronos
  double threshold = 6.0;         ///< of the outlier split: |x| from which a column of inputs is an outlier
  /// The token embedding, which is the output head too where that is tied; as the other layers where not given.
  std::optional<WeightScheme> embedding;
  /// Dotted paths of layers ("blocks.0.attention.qkv", "embedding") with `*` and `?`. keep_fp32 goes before keep_fp16.
  /// A pattern that matches no layer is an error.
  std::vector<std::string> keep_fp32;
  std::vector<std::string> keep_fp16;
  /// Of the FP32 model before it is rounded, one after the other. A rotation takes the gains of norms into the weights,
  /// and with them what smooth or awq did to norms before it: those come after it.
  std::vector<TransformKind> transforms;
  SmoothConfig smooth;
  RotateConfig rotate;

  /// Some weights are rounded by what their inputs are.
  bool needs_inputs() const { return weights.needs_inputs() || (embedding && embedding->needs_inputs()); }
  /// Needs a Calibration: for static activations, or for weights that are rounded by what their inputs are.
  bool needs_calibration() const;
  /// "int4 per_group 32, dynamic int8 activations; embedding int8 per_channel"
  std::string describe() const;

  template <class V>
  void visit(V& v) {
    v("name", name, not_empty());
    weights.visit(v);
    v("activations", activations);
    v("calibration", calibration);
    v("threshold", threshold, in_range(0, kLargestThreshold));
    v("embedding", embedding);
    v("keep_fp32", keep_fp32);
    v("keep_fp16", keep_fp16);
    v("transforms", transforms);
    v("smooth", smooth);
    v("rotate", rotate);
  }
  void validate(Problems& problems) const;
};

}  // namespace octet
