#include "quant/transforms/transform.h"

#include <algorithm>

#include "quant/fp32_model.h"
#include "quant/transforms/awq.h"
#include "quant/transforms/rotate.h"
#include "quant/transforms/smooth.h"
#include "quant/transforms/smooth_search.h"

namespace octet {
namespace {

bool looks_at_inputs(TransformKind kind) {
  return kind != TransformKind::rotate;
}

}  // namespace

bool reads_text(const Recipe& recipe) {
  return recipe.needs_calibration() || std::any_of(recipe.transforms.begin(), recipe.transforms.end(), looks_at_inputs);
}

bool rotates(const Recipe& recipe) {
  return std::find(recipe.transforms.begin(), recipe.transforms.end(), TransformKind::rotate) !=
         recipe.transforms.end();
}

std::unique_ptr<Gpt> transformed(Gpt& model, const Recipe& recipe, const Calibrator& calibrator) {
  std::unique_ptr<Gpt> copy = fp32_copy(model, recipe.unties_head() ? HeadOfCopy::untied : HeadOfCopy::as_it_is);
  for (const TransformKind kind : recipe.transforms) {
    if (looks_at_inputs(kind) && !calibrator) {
      fail(ErrorKind::config, "recipe \"{}\": transforms: {} expects calibrated inputs, got none", recipe.name,
           enum_name(kind));
    }
    switch (kind) {
      case TransformKind::smooth:
        if (recipe.smooth.search) {
          smooth_by_search(*copy, recipe.weights, calibrator(*copy));
        } else {
          smooth(*copy, recipe.smooth, calibrator(*copy));
        }
        break;
      case TransformKind::rotate:
        if (recipe.rotate.folded) {
          rotate(*copy, recipe.rotate);
        }
        if (recipe.rotate.down || recipe.rotate.keys) {
          copy = rotated_online(*copy, recipe.rotate);
        }
        break;
      case TransformKind::awq:
        awq(*copy, recipe.weights, calibrator(*copy));
        break;
    }
  }
  return copy;
}

}  // namespace octet
