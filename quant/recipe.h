#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "nn/layers/quantized_matrix.h"
#include "quant/calibration_config.h"
#include "quant/transform_config.h"

namespace octet {

/// How a matrix is stored. automatic: int4 for up to 4 bits, int8 above.
enum class WeightFormat { automatic, int8, int4, nf4, mxfp4, nvfp4, table4, entropy, trellis, fp8, fp16, bf16, fp32 };

template <>
inline constexpr auto enum_names<WeightFormat> = std::to_array<EnumName<WeightFormat>>({
    {WeightFormat::automatic, "auto"},
    {WeightFormat::int8, "int8"},
    {WeightFormat::int4, "int4"},
    {WeightFormat::nf4, "nf4"},
    {WeightFormat::mxfp4, "mxfp4"},
    {WeightFormat::nvfp4, "nvfp4"},
    {WeightFormat::table4, "table4"},
    {WeightFormat::entropy, "entropy"},
    {WeightFormat::trellis, "trellis"},
    {WeightFormat::fp8, "fp8"},
    {WeightFormat::fp16, "fp16"},
    {WeightFormat::bf16, "bf16"},
    {WeightFormat::fp32, "fp32"},
});

/// How scales and codes are chosen (quant/absmax.h, search.h, hqq.h, gptq.h).
/// - auto: search for int4, table4 and trellis, absmax for int8, their own rule for the other formats.
/// - absmax: each weight to the nearest value of a grid that reaches to the largest one (nf4, mxfp4, nvfp4: their
/// rule).
/// - search: the same on the grid that loses least.
/// - hqq: the same on a grid with a minimum that ignores outliers.
/// - gptq: on searched grids (entropy: on that of the size asked for); columns make up for the errors of those before
/// them, by what a text shows of inputs.
/// - qronos: gptq that makes up for the errors of the layers before as well.
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

/// How layers share the bits of `format: entropy`.
/// - even: each has as many bits per weight.
/// - measured: those that do more harm to the output get more (quant/bit_allocation.h), with as many on average.
enum class BitAllocation { even, measured };

template <>
inline constexpr auto enum_names<BitAllocation> = std::to_array<EnumName<BitAllocation>>({
    {BitAllocation::even, "even"},
    {BitAllocation::measured, "measured"},
});

/// How the weights of some layers are stored.
struct WeightScheme {
  WeightFormat format = WeightFormat::automatic;
  /// Of each code of int8 and int4, 2 to 8, and of trellis, 2 to 4; of each weight of entropy, in the file, any number
  /// from 1 to 8. The others ignore it.
  double bits = 8;
  /// Ignored by fp16, bf16, fp32; the formats of 16 levels (nf4, mxfp4, nvfp4, table4) take per_group alone,
  /// trellis and fp8 per_channel, and entropy per_tensor.
  Granularity granularity = Granularity::per_channel;
  /// Columns per scale, for per_group; the last group of a row may be shorter. mxfp4 has 32 and nvfp4 has 16.
  std::int64_t group = 32;
  bool symmetric = true;          ///< false: each scale has a minimum beside it (quant/minmax.h), for int4
  bool double_quantized = false;  ///< the scales of nf4 take 8 bits each (quant/double_quantization.h)
  bool fitted_levels = false;     ///< table4 has levels that suit each matrix (quant/fit_levels.h)
  RoundingMethod method = RoundingMethod::automatic;
  /// Scales are searched by the error of the layer's output: an error counts as much as its inputs are large on
  /// average.
  bool imatrix = false;
  /// Of a correction of the error that is stored beside the weight in FP16 (quant/low_rank.h); 0: none.
  std::int64_t low_rank = 0;

  /// Integer codes, which int8 activations can multiply: int8, int4, table4, entropy.
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
  bool needs_inputs() const { return has_feedback() || imatrix || low_rank > 0; }
  /// The same codes and scales, found without a look at inputs, and nothing beside them.
  WeightScheme without_inputs() const;
  /// "int4 per_group 32"
  std::string describe() const;

  template <class V>
  void visit(V& v) {
    v("format", format);
    v("bits", bits, in_range(1, 8));
    v("granularity", granularity);
    v("group", group, in_range(1, 1 << 20));  // more than any matrix has columns
    v("symmetric", symmetric);
    v("double_quantized", double_quantized);
    v("fitted_levels", fitted_levels);
    v("method", method);
    v("imatrix", imatrix);
    v("low_rank", low_rank, in_range(0, 1 << 12));
  }
  void validate(Problems& problems) const;

 private:
  void validate_method(Problems& problems) const;
  void validate_codebook(Problems& problems) const;
};

/// Of the outlier split: model files hold it as a float, which ends at 3.4e38.
inline constexpr double kLargestThreshold = 1e30;

/// A scheme of their own for the layers that `match` matches: an entry of `layers` of a recipe.
struct LayerScheme : WeightScheme {
  std::string match;  ///< a dotted path of layers with `*` and `?`: "*.mlp.down"

  template <class V>
  void visit(V& v) {
    v("match", match, not_empty());
    WeightScheme::visit(v);
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
///     layers:
///       - {match: "*.mlp.down", bits: 8, granularity: per_channel}
///     keep_fp32: ["blocks.0.*"]
///     transforms: [smooth]      # of the FP32 model, before: transformed() of quant/transforms/transform.h
///     smooth: {alpha: 0.5}
struct Recipe {
  std::string name = "recipe";  ///< of the folder (file_name_for) and in the report; see name_rule_broken
  WeightScheme weights;         ///< of all matrices, but for the exceptions below; its keys stand beside the others
  /// Of the layers that have no scheme of their own.
  BitAllocation bit_allocation = BitAllocation::even;
  Activations activations = Activations::weight_only;
  CalibrationConfig calibration;  ///< of static activations, imatrix, gptq, qronos, low_rank and bit_allocation
  double threshold = 6.0;         ///< of the outlier split: |x| from which a column of inputs is an outlier
  /// The token embedding, which is the output head too where that is tied; as the other layers where not given.
  std::optional<WeightScheme> embedding;
  /// Layers with schemes of their own. The first entry that matches a layer counts, before `embedding`; a list and not
  /// a map, since their order matters.
  std::vector<LayerScheme> layers;
  /// Dotted paths of layers ("blocks.0.attention.qkv", "embedding") with `*` and `?`. keep_fp32 goes before keep_fp16,
  /// and both before `layers`. A pattern that matches no layer is an error.
  std::vector<std::string> keep_fp32;
  std::vector<std::string> keep_fp16;
  /// Of the FP32 model before it is rounded, one after the other. A rotation takes the gains of norms into the weights,
  /// and with them what smooth or awq did to norms before it: those come after it.
  std::vector<TransformKind> transforms;
  SmoothConfig smooth;
  RotateConfig rotate;

  /// The entry of `layers` for the layer of this path; null where none matches.
  const LayerScheme* entry_of(const std::string& path) const;
  /// How the weight of that layer is stored where no keep_fp16 or keep_fp32 names it.
  const WeightScheme& scheme_of(const std::string& path) const;
  /// Some weights are rounded by what their inputs are.
  bool needs_inputs() const;
  /// Needs a Calibration: for static activations, for weights that are rounded by what their inputs are, or for bits
  /// that are shared by what is measured.
  bool needs_calibration() const;
  /// A rotation that ends up in the weights gives a tied head a matrix of its own.
  bool unties_head() const;
  /// The same formats rounded to nearest: no transforms, no look at inputs. What a method must be better than.
  Recipe rounded_to_nearest() const;
  /// "int4 per_group 32, dynamic int8 activations; embedding int8 per_channel"
  std::string describe() const;

  template <class V>
  void visit(V& v) {
    v("name", name, not_empty());
    weights.visit(v);
    v("bit_allocation", bit_allocation);
    v("activations", activations);
    v("calibration", calibration);
    v("threshold", threshold, in_range(0, kLargestThreshold));
    v("embedding", embedding);
    v("layers", layers);
    v("keep_fp32", keep_fp32);
    v("keep_fp16", keep_fp16);
    v("transforms", transforms);
    v("smooth", smooth);
    v("rotate", rotate);
  }
  void validate(Problems& problems) const;
};

}  // namespace octet
