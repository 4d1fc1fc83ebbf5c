#include "quant/quantize_matrix.h"

#include <memory>

#include "quant/absmax.h"
#include "quant/codebook.h"
#include "quant/codebook_rounder.h"
#include "quant/fp8.h"
#include "quant/gptq.h"
#include "quant/hqq.h"
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

std::unique_ptr<Rounder> rounder_of(const Tensor& weight, const WeightScheme& scheme) {
  if (const auto codebook = scheme.codebook()) {
    return std::make_unique<CodebookRounder>(weight.dim(0), weight.dim(1), *codebook, scheme.group);
  }
  const GridKind kind{.bits = static_cast<int>(scheme.bits),
                      .symmetric = scheme.symmetric,
                      .scale_dtype = scheme.stored_format() == WeightFormat::int4 ? DType::f16 : DType::f32};
  return std::make_unique<CodesRounder>(weight.dim(0), weight.dim(1), kind, scheme.granularity, scheme.group,
                                        grid_rule(scheme.chosen_method(), kind));
}

AnyWeight codebook_weight(const Tensor& weight, const WeightScheme& scheme, const std::vector<float>& importance) {
  CodebookOptions options{.codebook = *scheme.codebook(),
                          .block = scheme.group,
                          .double_quantized = scheme.double_quantized,
                          .importance = importance};
  if (scheme.method == RoundingMethod::absmax) {
    options.scale = CodebookScale::rule;
  } else if (scheme.method == RoundingMethod::search) {
    options.scale = CodebookScale::search;
  }
  return codebook_quantize(weight, options);
}

/// Each weight by itself.
AnyWeight round_each(const Tensor& weight, const WeightScheme& scheme, const std::vector<float>& importance) {
  if (scheme.codebook()) {
    return codebook_weight(weight, scheme, importance);
  }
  const std::unique_ptr<Rounder> rounder = rounder_of(weight, scheme);
  round_to_nearest(weight, *rounder, importance);
  return rounder->weight();
}

QuantizedMatrixResult with_remark(AnyWeight weight, double damping, double usual_damping) {
  QuantizedMatrixResult result{std::move(weight)};
  if (damping > usual_damping) {
    result.remark = fmt::format("inputs depend on each other: damped by {:g} % of their mean square", 100 * damping);
  }
  return result;
}

QuantizedMatrixResult round_with_feedback(const Tensor& weight, const WeightScheme& scheme,
                                          const LayerMoments& inputs) {
  const GptqSettings settings;
  if (scheme.format == WeightFormat::trellis) {
    TrellisFeedback result = trellis_gptq(weight, inputs.inputs, static_cast<int>(scheme.bits), settings.damping);
    return with_remark(std::move(result.weight), result.damping, settings.damping);
  }
  const std::unique_ptr<Rounder> rounder = rounder_of(weight, scheme);
  const double damping = scheme.method == RoundingMethod::gptq
                             ? gptq(weight, inputs.inputs, *rounder, settings)
                             : qronos(weight, inputs.inputs, inputs.mixed, *rounder, settings);
  return with_remark(rounder->weight(), damping, settings.damping);
}

}  // namespace

QuantizedMatrixResult quantize_matrix(const Tensor& weight, const WeightScheme& scheme, const LayerMoments* inputs) {
  check(!scheme.needs_inputs() || inputs != nullptr, "[quantize] expected the inputs of the layer for {}, got none",
        scheme.describe());
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
      return {round_each(weight, scheme, scheme.imatrix ? inputs->inputs.mean_squares() : std::vector<float>())};
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

AnyWeight quantize_matrix(const Tensor& weight, const WeightScheme& scheme) {
  return quantize_matrix(weight, scheme, nullptr).weight;
}

}  // namespace octet
