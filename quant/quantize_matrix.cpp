#include "quant/quantize_matrix.h"

#include <algorithm>
#include <memory>

#include "quant/absmax.h"
#include "quant/codebook.h"
#include "quant/codebook_rounder.h"
#include "quant/entropy.h"
#include "quant/fit_levels.h"
#include "quant/fp8.h"
#include "quant/gptq.h"
#include "quant/hqq.h"
#include "quant/low_rank.h"
#include "quant/minmax.h"
#include "quant/rounder.h"
#include "quant/search.h"
#include "quant/trellis.h"

namespace octet {
namespace {

GridRule grid_rule(RoundingMethod method, const GridKind& kind) {
  using Values = std::span<const float>;
  switch (method) {
    case RoundingMethod::absmax:
      return [kind](Values values, Values) {
        return kind.symmetric ? absmax_grid(kind, values) : minmax_grid(kind, values);
      };
    case RoundingMethod::hqq:
      return [kind](Values values, Values) { return hqq_grid(kind, values); };
    case RoundingMethod::automatic:
    case RoundingMethod::search:
    case RoundingMethod::gptq:
    case RoundingMethod::qronos:
      break;
  }
  return [kind](Values values, Values weights) { return search_grid(kind, values, weights); };
}

/// Of table4; undefined: the usual ones.
Tensor levels_for(const Tensor& weight, const WeightScheme& scheme, const std::vector<float>& importance) {
  return scheme.fitted_levels ? fit_levels(weight, scheme.group, importance) : Tensor();
}

CodebookOptions codebook_options(const Tensor& weight, const WeightScheme& scheme,
                                 const std::vector<float>& importance) {
  return {.codebook = *scheme.codebook(),
          .block = scheme.group,
          .double_quantized = scheme.double_quantized,
          .importance = importance,
          .levels = levels_for(weight, scheme, importance)};
}

std::unique_ptr<Rounder> rounder_of(const Tensor& weight, const WeightScheme& scheme) {
  if (scheme.codebook()) {
    return std::make_unique<CodebookRounder>(weight, codebook_options(weight, scheme, {}));
  }
  const GridKind kind{.bits = static_cast<int>(scheme.bits),
                      .symmetric = scheme.symmetric,
                      .scale_dtype = scheme.stored_format() == WeightFormat::int4 ? DType::f16 : DType::f32};
  return std::make_unique<CodesRounder>(weight.dim(0), weight.dim(1), kind, scheme.granularity, scheme.group,
                                        grid_rule(scheme.chosen_method(), kind));
}

AnyWeight codebook_weight(const Tensor& weight, const WeightScheme& scheme, const std::vector<float>& importance) {
  CodebookOptions options = codebook_options(weight, scheme, importance);
  if (scheme.method == RoundingMethod::absmax) {
    options.scale = CodebookScale::rule;
  } else if (scheme.method == RoundingMethod::search) {
    options.scale = CodebookScale::search;
  }
  return codebook_quantize(weight, options);
}

/// What `round` makes of the weight, value by value.
QuantizedMatrixResult round_by(const std::function<void(Rounder&)>& round, const Tensor& weight,
                               const WeightScheme& scheme) {
  if (scheme.stored_format() == WeightFormat::entropy) {
    QuantizedMatrixResult result{entropy_quantize(weight, scheme.bits, round)};
    const double least = scheme.bits - std::max(0.02 * scheme.bits, entropy_tolerance(scheme.bits, weight.elements()));
    if (const double bits = bits_per_weight(result.weight); bits < least) {
      result.remark = fmt::format("{:.3g} bits because int8 has no finer codes", bits);
    }
    return result;
  }
  const std::unique_ptr<Rounder> rounder = rounder_of(weight, scheme);
  round(*rounder);
  return {rounder->weight()};
}

/// Each weight by itself.
QuantizedMatrixResult round_each(const Tensor& weight, const WeightScheme& scheme,
                                 const std::vector<float>& importance) {
  if (scheme.codebook()) {
    return {codebook_weight(weight, scheme, importance)};
  }
  return round_by([&](Rounder& rounder) { round_to_nearest(weight, rounder, importance); }, weight, scheme);
}

QuantizedMatrixResult round_with_feedback(const Tensor& weight, const WeightScheme& scheme,
                                          const LayerMoments& inputs) {
  const GptqSettings settings;
  double damping = 0;
  const auto round = [&](Rounder& rounder) {
    damping = scheme.method == RoundingMethod::gptq ? gptq(weight, inputs.inputs, rounder, settings)
                                                    : qronos(weight, inputs.inputs, inputs.mixed, rounder, settings);
  };
  const auto trellis = [&]() -> QuantizedMatrixResult {
    TrellisFeedback found = trellis_gptq(weight, inputs.inputs, static_cast<int>(scheme.bits), settings.damping);
    damping = found.damping;
    return {std::move(found.weight)};
  };
  QuantizedMatrixResult result = scheme.format == WeightFormat::trellis ? trellis() : round_by(round, weight, scheme);
  if (damping > settings.damping) {
    result.remark += result.remark.empty() ? "" : "; ";
    result.remark += fmt::format("inputs depend on each other: damped by {:g} % of their mean square", 100 * damping);
  }
  return result;
}

/// The weight alone.
QuantizedMatrixResult round_matrix(const Tensor& weight, const WeightScheme& scheme, const LayerMoments* inputs) {
  if (scheme.has_feedback()) {
    return round_with_feedback(weight, scheme, *inputs);
  }
  switch (scheme.stored_format()) {
    case WeightFormat::int8:
    case WeightFormat::int4:
    case WeightFormat::nf4:
    case WeightFormat::mxfp4:
    case WeightFormat::nvfp4:
    case WeightFormat::table4:
    case WeightFormat::entropy:
      return round_each(weight, scheme, scheme.imatrix ? inputs->inputs.mean_squares() : std::vector<float>());
    case WeightFormat::trellis:
      return {trellis_quantize(weight, static_cast<int>(scheme.bits))};
    case WeightFormat::fp8:
      return {fp8_quantize(weight)};
    case WeightFormat::fp16:
      return {HalfWeight::quantize(weight, DType::f16)};
    case WeightFormat::bf16:
      return {HalfWeight::quantize(weight, DType::bf16)};
    case WeightFormat::fp32:
    case WeightFormat::automatic:
      break;
  }
  fail(ErrorKind::config, "[quantize] expected a format to store a matrix in, got {}", enum_name(scheme.format));
}

}  // namespace

QuantizedMatrixResult quantize_matrix(const Tensor& weight, const WeightScheme& scheme, const LayerMoments* inputs) {
  check(!scheme.needs_inputs() || inputs != nullptr, "[quantize] expected the inputs of the layer for {}, got none",
        scheme.describe());
  QuantizedMatrixResult result = round_matrix(weight, scheme, inputs);
  if (scheme.low_rank > 0) {
    const Tensor missing = missing_of(weight, dequantize(result.weight), *inputs);
    result.low_rank = low_rank_correction(missing, inputs->inputs, scheme.low_rank);
  }
  return result;
}

AnyWeight quantize_matrix(const Tensor& weight, const WeightScheme& scheme) {
  return quantize_matrix(weight, scheme, nullptr).weight;
}

}  // namespace octet
