#include "eval/explain/weight_methods.h"

#include "eval/explain/channel_moments.h"
#include "eval/explain/product_moments.h"
#include "eval/explain/value_ranges.h"
#include "quant/quantize_matrix.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/linear.h"

namespace octet {
namespace {

WeightScheme scheme_of(WeightMethod method) {
  WeightScheme scheme;
  scheme.group = kExplainedGroup;
  scheme.method = RoundingMethod::absmax;
  switch (method) {
    case WeightMethod::tensor8:
    case WeightMethod::row8:
      scheme.bits = 8;
      break;
    default:
      scheme.bits = 4;
  }
  switch (method) {
    case WeightMethod::tensor8:
    case WeightMethod::tensor4:
      scheme.granularity = Granularity::per_tensor;
      break;
    case WeightMethod::row8:
    case WeightMethod::row4:
      scheme.granularity = Granularity::per_channel;
      break;
    default:
      scheme.granularity = Granularity::per_group;
  }
  if (method == WeightMethod::minimum4) scheme.symmetric = false;
  if (method == WeightMethod::searched4) scheme.method = RoundingMethod::search;
  if (method == WeightMethod::table4) {
    scheme.format = WeightFormat::table4;
    scheme.method = RoundingMethod::automatic;
  }
  return scheme;
}

/// The study of one layer: rounds the weights by a method, predicts from their errors, then measures.
class WeightStudy {
 public:
  explicit WeightStudy(const LayerSample& sample)
      : sample_(sample), inputs_(sample.x), exact_(linear(sample.x, sample.weight)) {
    for (const float y : exact_.span<float>()) signal_ += static_cast<double>(y) * static_cast<double>(y);
    signal_ /= static_cast<double>(sample.rows());
  }

  WeightError of(WeightMethod method) const {
    const Tensor rounded = dequantize(quantize_matrix(sample_.weight, scheme_of(method)));
    const double predicted = inputs_.error_of(sample_.weight, rounded) / signal_;
    return {method, predicted, relative_error(exact_, linear(sample_.x, rounded)), ""};
  }

 private:
  const LayerSample& sample_;
  ChannelMoments inputs_;
  Tensor exact_;       // y of FP32
  double signal_ = 0;  // E |y|^2
};

}  // namespace

std::vector<WeightError> study_weights(const LayerSample& sample) {
  const NoGrad no_grad;
  std::vector<WeightError> errors;
  if (matrix_range(sample.x) == 0 || matrix_range(sample.weight) == 0) return errors;
  const WeightStudy study(sample);
  for (const auto& entry : enum_names<WeightMethod>) errors.push_back(study.of(entry.value));
  return errors;
}

}  // namespace octet
