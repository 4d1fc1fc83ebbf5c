#include "quant/recipe.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/ranges.h>

#include "base/shown_text.h"
#include "quant/glob.h"

namespace octet {

bool WeightScheme::has_codes() const {
  return has_grid() || stored_format() == WeightFormat::table4 || stored_format() == WeightFormat::entropy;
}

bool WeightScheme::has_grid() const {
  const WeightFormat stored = stored_format();
  return stored == WeightFormat::int8 || stored == WeightFormat::int4;
}

std::optional<Codebook> WeightScheme::codebook() const {
  switch (format) {
    case WeightFormat::nf4:
      return Codebook::nf4;
    case WeightFormat::mxfp4:
      return Codebook::mxfp4;
    case WeightFormat::nvfp4:
      return Codebook::nvfp4;
    case WeightFormat::table4:
      return Codebook::table4;
    default:
      return std::nullopt;
  }
}

WeightFormat WeightScheme::stored_format() const {
  if (format == WeightFormat::automatic) {
    return bits <= 4 ? WeightFormat::int4 : WeightFormat::int8;
  }
  return format;
}

RoundingMethod WeightScheme::chosen_method() const {
  if (method != RoundingMethod::automatic) {
    return method;
  }
  const WeightFormat stored = stored_format();
  const bool searched =
      stored == WeightFormat::int4 || stored == WeightFormat::table4 || stored == WeightFormat::trellis;
  return searched ? RoundingMethod::search : RoundingMethod::absmax;
}

bool WeightScheme::has_feedback() const {
  return method == RoundingMethod::gptq || method == RoundingMethod::qronos;
}

WeightScheme WeightScheme::without_inputs() const {
  WeightScheme scheme = *this;
  scheme.low_rank = 0;
  if (has_feedback() || imatrix) {
    scheme.method = format == WeightFormat::entropy ? RoundingMethod::automatic : RoundingMethod::search;
    scheme.imatrix = false;
  }
  return scheme;
}

std::string WeightScheme::describe() const {
  std::string text{enum_name(stored_format())};
  if (format == WeightFormat::entropy) {
    text += fmt::format(" {:g} bits", bits);
  }
  if (has_grid() || codebook() || format == WeightFormat::trellis || format == WeightFormat::fp8) {
    text += fmt::format(" {}", enum_name(granularity));
    if (granularity == Granularity::per_group) {
      text += fmt::format(" {}", group);
    }
  }
  text += fitted_levels ? " fitted levels" : "";
  text += double_quantized ? " double quantized" : "";
  if (has_grid()) {
    if (bits != (stored_format() == WeightFormat::int4 ? 4 : 8)) {
      text += fmt::format(" ({}-bit codes)", bits);
    }
    text += symmetric ? "" : " with minimum";
  }
  text += format == WeightFormat::trellis ? fmt::format(" ({} bits)", bits) : "";
  text += method == RoundingMethod::automatic ? "" : fmt::format(", {}", enum_name(method));
  text += imatrix ? " with imatrix" : "";
  text += low_rank > 0 ? fmt::format(" + rank {}", low_rank) : "";
  return text;
}

void WeightScheme::validate(Problems& problems) const {
  if (format != WeightFormat::entropy && (bits < 2 || bits != std::floor(bits))) {
    problems.add("bits", "expected an integer from 2 to 8 for the format {}, got {:g}", enum_name(format), bits);
  }
  if (format == WeightFormat::int4 && bits > 4) {
    problems.add("bits", "expected at most 4 bits for the format int4, got {}", bits);
  }
  if (format == WeightFormat::trellis && bits > 4) {
    problems.add("bits", "expected 2 to 4 bits for the format trellis, got {}", bits);
  }
  if ((format == WeightFormat::trellis || format == WeightFormat::fp8) && granularity != Granularity::per_channel) {
    problems.add("granularity", "expected per_channel for the format {}, got {}", enum_name(format),
                 enum_name(granularity));
  }
  if (format == WeightFormat::entropy && granularity != Granularity::per_tensor) {
    problems.add("granularity", "expected per_tensor for the format entropy, which has one step for a matrix, got {}",
                 enum_name(granularity));
  }
  validate_codebook(problems);
  const WeightFormat stored = stored_format();
  if (low_rank > 0 && (stored == WeightFormat::fp32 || stored == WeightFormat::fp16 || stored == WeightFormat::bf16)) {
    problems.add("low_rank", "expected 0 for the format {}, which leaves nothing to correct, got {}", enum_name(stored),
                 low_rank);
  }
  if (!symmetric && stored_format() != WeightFormat::int4) {
    problems.add("symmetric", "expected true for the format {}: only int4 stores a minimum beside each scale",
                 enum_name(stored_format()));
  }
  if (method == RoundingMethod::hqq && symmetric) {
    problems.add("method", "expected symmetric: false beside hqq, which moves the minimum of each group");
  }
  validate_method(problems);
}

void WeightScheme::validate_method(Problems& problems) const {
  const WeightFormat stored = stored_format();
  const bool is_trellis = stored == WeightFormat::trellis;
  const bool searches = has_grid() || codebook() || is_trellis;
  if (stored == WeightFormat::entropy) {
    if (method != RoundingMethod::automatic && !has_feedback()) {
      problems.add("method",
                   "expected auto, gptq or qronos for the format entropy, whose step follows from bits, got {}",
                   enum_name(method));
    }
  } else if (is_trellis &&
             (method == RoundingMethod::absmax || method == RoundingMethod::hqq || method == RoundingMethod::qronos)) {
    problems.add("method", "expected auto, search or gptq for the format trellis, got {}", enum_name(method));
  } else if (!searches && method != RoundingMethod::automatic) {
    problems.add("method", "expected auto for the format {}, which has a rule of its own, got {}", enum_name(stored),
                 enum_name(method));
  } else if (!has_grid() && method == RoundingMethod::hqq) {
    problems.add("method", "expected hqq for the format int4 alone, got {}", enum_name(stored));
  }
  if (imatrix && is_trellis) {
    problems.add("imatrix", "expected false for the format trellis, whose walks cannot move bits to where they count");
  } else if (imatrix && (chosen_method() != RoundingMethod::search || !searches)) {
    problems.add("imatrix", "expected method: search beside it, got {}", enum_name(chosen_method()));
  }
}

/// A group is never chosen silently: a recipe for 16 levels says both keys.
void WeightScheme::validate_codebook(Problems& problems) const {
  const std::optional<Codebook> book = codebook();
  if (double_quantized && book != Codebook::nf4) {
    problems.add("double_quantized", "expected false for the format {}: only nf4 has scales that are quantized again",
                 enum_name(stored_format()));
  }
  if (fitted_levels && book != Codebook::table4) {
    problems.add("fitted_levels", "expected false for the format {}: only table4 has levels of its own in the file",
                 enum_name(stored_format()));
  }
  if (!book) {
    return;
  }
  const std::int64_t fixed = fixed_block(*book);
  if (granularity != Granularity::per_group) {
    const std::string groups = fixed != 0              ? fmt::format("its groups are of {}", fixed)
                               : book == Codebook::nf4 ? "QLoRA has groups of 64"
                                                       : "groups of 32 are usual";
    problems.add("granularity", "expected per_group for the format {} ({}), got {}", enum_name(format), groups,
                 enum_name(granularity));
  } else if (fixed != 0 && group != fixed) {
    problems.add("group", "expected {} for the format {}, which prescribes it, got {}", fixed, enum_name(format),
                 group);
  }
}

namespace {

std::string describe_limit(const CalibrationConfig& calibration) {
  if (!calibration.symmetric) {
    return "asymmetric, min-max";
  }
  if (calibration.observer != Observer::percentile) {
    return std::string{enum_name(calibration.observer)};
  }
  return calibration.percentile < 100.0 ? fmt::format("{:g} % of them in range", calibration.percentile) : "absmax";
}

std::string describe_activations(const Recipe& recipe) {
  switch (recipe.activations) {
    case Activations::weight_only:
      break;
    case Activations::dynamic:
      return ", dynamic int8 activations";
    case Activations::static_scale:
      return fmt::format(", static int8 activations ({})", describe_limit(recipe.calibration));
    case Activations::outlier_split:
      return fmt::format(", dynamic int8 activations but columns with |x| >= {:g} in FP32", recipe.threshold);
  }
  return ", weight only";
}

bool has(const Recipe& recipe, TransformKind kind) {
  return std::find(recipe.transforms.begin(), recipe.transforms.end(), kind) != recipe.transforms.end();
}

/// "; transforms: rotate, smooth (alpha 0.5)", or nothing.
std::string describe_transforms(const Recipe& recipe) {
  std::vector<std::string> names;
  for (const TransformKind kind : recipe.transforms) {
    names.emplace_back(enum_name(kind));
    if (kind == TransformKind::rotate && (recipe.rotate.down || recipe.rotate.keys)) {
      names.back() +=
          fmt::format(" ({}{}{} online)", recipe.rotate.folded ? "folded, " : "", recipe.rotate.down ? "down" : "",
                      recipe.rotate.keys ? recipe.rotate.down ? " and keys" : "keys" : "");
    }
    if (kind == TransformKind::smooth) {
      names.back() += recipe.smooth.search ? " (alpha by search)" : fmt::format(" (alpha {:g})", recipe.smooth.alpha);
    }
  }
  return names.empty() ? "" : fmt::format("; transforms: {}", fmt::join(names, ", "));
}

void validate_transforms(const Recipe& recipe, Problems& problems) {
  const Recipe usual;
  std::set<TransformKind> seen;
  for (const TransformKind kind : recipe.transforms) {
    if (!seen.insert(kind).second) {
      problems.add("transforms", "expected each transform once, got {} again", enum_name(kind));
      break;
    }
  }
  if (!has(recipe, TransformKind::smooth) && recipe.smooth != usual.smooth) {
    problems.add("smooth", "expected smooth in transforms beside it, got none");
  }
  if (recipe.smooth.search && recipe.smooth.alpha != usual.smooth.alpha) {
    problems.add("smooth.alpha", "expected search: false beside it, got true");
  }
  if (recipe.smooth.search && recipe.activations == Activations::weight_only) {
    problems.add("smooth.search", "expected int8 activations beside it, whose error it weighs, got weight_only");
  }
  if (!has(recipe, TransformKind::rotate) && recipe.rotate != usual.rotate) {
    problems.add("rotate", "expected rotate in transforms beside it, got none");
  }
  if (!recipe.rotate.folded && !recipe.rotate.down && !recipe.rotate.keys) {
    problems.add("rotate", "expected one of folded, down and keys, got none");
  }
  if (has(recipe, TransformKind::awq) && recipe.weights.stored_format() == WeightFormat::fp32) {
    problems.add("transforms", "expected a format that rounds weights beside awq, got fp32");
  }
}

}  // namespace

const LayerScheme* Recipe::entry_of(const std::string& path) const {
  const auto found = std::find_if(layers.begin(), layers.end(),
                                  [&](const LayerScheme& entry) { return names_layer(entry.match, path); });
  return found == layers.end() ? nullptr : &*found;
}

const WeightScheme& Recipe::scheme_of(const std::string& path) const {
  if (const LayerScheme* entry = entry_of(path)) {
    return *entry;
  }
  return path == "embedding" && embedding ? *embedding : weights;
}

bool Recipe::needs_inputs() const {
  return weights.needs_inputs() || (embedding && embedding->needs_inputs()) ||
         std::any_of(layers.begin(), layers.end(), [](const LayerScheme& layer) { return layer.needs_inputs(); });
}

bool Recipe::needs_calibration() const {
  return activations == Activations::static_scale || bit_allocation == BitAllocation::measured || needs_inputs();
}

bool Recipe::unties_head() const {
  return has(*this, TransformKind::rotate) && rotate.folded;
}

Recipe Recipe::rounded_to_nearest() const {
  Recipe recipe = *this;
  recipe.transforms.clear();
  recipe.weights = weights.without_inputs();
  recipe.bit_allocation = BitAllocation::even;
  if (recipe.embedding) {
    recipe.embedding = embedding->without_inputs();
  }
  for (LayerScheme& layer : recipe.layers) {
    static_cast<WeightScheme&>(layer) = layer.without_inputs();
  }
  return recipe;
}

std::string Recipe::describe() const {
  std::string text = weights.describe();
  text += bit_allocation == BitAllocation::measured ? ", shared among layers by measured harm" : "";
  text += describe_activations(*this);
  if (embedding) {
    text += fmt::format("; embedding {}", embedding->describe());
  }
  for (const LayerScheme& layer : layers) {
    text += fmt::format("; {} {}", layer.match, layer.describe());
  }
  if (!keep_fp32.empty()) {
    text += fmt::format("; fp32: {}", fmt::join(keep_fp32, " "));
  }
  if (!keep_fp16.empty()) {
    text += fmt::format("; fp16: {}", fmt::join(keep_fp16, " "));
  }
  text += describe_transforms(*this);
  return text;
}

void Recipe::validate(Problems& problems) const {
  weights.validate(problems);
  if (const std::string rule = name_rule_broken(name); !rule.empty()) {
    problems.add("name", "expected {}, got \"{}\"", rule, excerpt(name));
  }
  const bool some_codes =
      weights.has_codes() ||
      std::any_of(layers.begin(), layers.end(), [](const LayerScheme& layer) { return layer.has_codes(); });
  if (activations != Activations::weight_only && !some_codes) {
    problems.add("activations",
                 "expected weight_only for the format {}, because only integer codes multiply int8 "
                 "activations",
                 enum_name(weights.stored_format()));
  }
  const Recipe usual;
  const bool observes = needs_calibration() || has(*this, TransformKind::smooth) || has(*this, TransformKind::awq);
  if (!observes && calibration != usual.calibration) {
    problems.add("calibration",
                 "expected something that needs it beside it: activations: static, imatrix: true, method: gptq or "
                 "qronos, low_rank, bit_allocation: measured, or transforms: smooth or awq");
  }
  if (bit_allocation == BitAllocation::measured && weights.stored_format() != WeightFormat::entropy) {
    problems.add("bit_allocation", "expected even for the format {}: only entropy takes any number of bits, got {}",
                 enum_name(weights.stored_format()), enum_name(bit_allocation));
  }
  if (calibration.context == 1) {
    problems.add("calibration.context", "expected 0 or at least 2 tokens, got 1, which predicts no other");
  }
  if (calibration.observer != usual.calibration.observer && activations != Activations::static_scale) {
    problems.add("calibration.observer", "expected activations: static beside it, got {}", enum_name(activations));
  } else if (calibration.observer != Observer::percentile && calibration.percentile != usual.calibration.percentile) {
    problems.add("calibration.percentile", "expected observer: percentile beside it, got {}",
                 enum_name(calibration.observer));
  }
  if (!calibration.symmetric && activations != Activations::static_scale) {
    problems.add("calibration.symmetric", "expected activations: static beside it, got {}", enum_name(activations));
  } else if (!calibration.symmetric &&
             (calibration.observer != Observer::percentile || calibration.percentile != usual.calibration.percentile)) {
    problems.add("calibration.symmetric", "expected true beside an observer that clips: asymmetric grids are min-max");
  }
  if (activations != Activations::outlier_split && threshold != usual.threshold) {
    problems.add("threshold", "expected activations: outlier_split beside it, got {}", enum_name(activations));
  }
  validate_transforms(*this, problems);
}

}  // namespace octet
