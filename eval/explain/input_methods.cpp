#include "eval/explain/input_methods.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "eval/explain/channel_moments.h"
#include "eval/explain/product_moments.h"
#include "eval/explain/value_ranges.h"
#include "eval/outliers/outlier_impact.h"
#include "nn/layers/quantized_matrix.h"
#include "quant/absmax.h"
#include "quant/observer.h"
#include "quant/transforms/rotation.h"
#include "tensor/autograd/node.h"
#include "tensor/formats/int8_weight.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/outlier_linear.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

constexpr int kBits = 8, kLargest = 127;
constexpr double kStep = 1.0 / kLargest;

AnyWeight int8_rows(const Tensor& weight) {
  return Int8Weight(absmax_quantize(weight, kBits, Granularity::per_channel));
}

/// A product with rounded weights: rows of x (rows, C), some of which share a scale.
class Product {
 public:
  Product(const Tensor& x, const Tensor& weight)
      : x_(x), weight_(weight), rounded_(dequantize(int8_rows(weight))), moments_(x, weight), channels_(x) {}

  /// Relative, with inputs whose scales cover `range`.
  double predicted(const RangeOf& range, double step = kStep, double end = 1.0) const {
    return relative(reach_of(x_, range), step, end);
  }
  double relative(const ReachHistogram& reach, double step, double end) const {
    const std::vector<ColumnNoise> noise = reach.noise(step, end);
    std::vector<double> gains;
    for (const ColumnNoise& column : noise) gains.push_back(column.gain);
    return (moments_.error(noise) + channels_.error_of(weight_, rounded_, gains)) / moments_.signal();
  }
  Tensor computed(const ActivationScheme& activations) const {
    return QuantizedMatrix(int8_rows(weight_), activations).project(x_);
  }

 private:
  const Tensor &x_, &weight_;
  Tensor rounded_;  // the weights
  ProductMoments moments_;
  ChannelMoments channels_;
};

/// The study of one layer: a function for each method, which predicts and then measures.
class InputStudy {
 public:
  InputStudy(const LayerSample& sample, LayerFacts& facts)
      : sample_(sample), facts_(facts), plain_(sample.x, sample.weight), exact_(linear(sample.x, sample.weight)) {
    whole_ = matrix_range(sample.x);
    range_.add(sample.x.span<float>());
  }

  std::vector<InputError> all() {
    return {fixed(), asymmetric(), clipped(), batch(), token(), channel(), smoothed(), rotated(), split()};
  }

 private:
  double error_of(const Tensor& y) const { return relative_error(exact_, y); }

  InputError fixed() const {
    const double predicted = plain_.predicted([&](auto, auto) { return whole_; });
    return {InputMethod::fixed, predicted, error_of(plain_.computed(ActivationScheme::fixed(whole_ / kLargest))), ""};
  }

  InputError asymmetric() const {
    CalibrationConfig config;
    config.symmetric = false;
    const StaticGrid grid = static_grid(range_, config);
    const double predicted =
        plain_.predicted([&](auto, auto) { return whole_; }, static_cast<double>(grid.scale) / whole_);
    return {InputMethod::fixed_asymmetric, predicted,
            error_of(plain_.computed(ActivationScheme::fixed(grid.scale, grid.zero_point))), ""};
  }

  /// The end that is predicted to lose least, among the range times 0.95^i.
  InputError clipped() {
    constexpr double kShrink = 0.95;
    constexpr int kEnds = 60;  // down to 5 % of the range
    const ReachHistogram reach = reach_of(sample_.x, [&](auto, auto) { return whole_; });
    double best = 0;
    double end = 1;
    for (int i = 0; i < kEnds; ++i, end *= kShrink) {
      const double error = plain_.relative(reach, end * kStep, end);
      if (i == 0 || error < best) {
        best = error;
        facts_.clip = end;
      }
    }
    const auto scale = static_cast<float>(whole_ * facts_.clip / kLargest);
    return {InputMethod::fixed_clipped, best, error_of(plain_.computed(ActivationScheme::fixed(scale))), ""};
  }

  /// y of each window by itself, one below the other.
  Tensor by_window(const std::function<Tensor(const Tensor& x, std::size_t window)>& product) const {
    std::vector<float> values;
    for (std::size_t w = 0; w + 1 < sample_.first_row.size(); ++w) {
      const Tensor y = product(contiguous(slice(sample_.x, 0, sample_.first_row[w], sample_.first_row[w + 1])), w);
      values.insert(values.end(), y.span<float>().begin(), y.span<float>().end());
    }
    return Tensor::from(values, {sample_.rows(), sample_.outputs()});
  }

  /// The window of each row.
  std::vector<std::size_t> windows() const {
    std::vector<std::size_t> of_row;
    for (std::size_t w = 0; w + 1 < sample_.first_row.size(); ++w) {
      of_row.resize(static_cast<std::size_t>(sample_.first_row[w + 1]), w);
    }
    return of_row;
  }

  InputError batch() const {
    const std::vector<float> ranges = window_ranges(sample_);
    const std::vector<std::size_t> of_row = windows();
    const double predicted =
        plain_.predicted([&](std::int64_t row, auto) { return ranges[of_row[static_cast<std::size_t>(row)]]; });
    const AnyWeight weight = int8_rows(sample_.weight);
    const Tensor y = by_window([&](const Tensor& x, std::size_t w) {
      const float scale = ranges[w] > 0 ? ranges[w] / kLargest : 1.0F;
      return QuantizedMatrix(weight, ActivationScheme::fixed(scale)).project(x);
    });
    return {InputMethod::batch, predicted, error_of(y), ""};
  }

  InputError token() const {
    const std::vector<float> ranges = row_ranges(sample_.x);
    const double predicted =
        plain_.predicted([&](std::int64_t row, auto) { return ranges[static_cast<std::size_t>(row)]; });
    return {InputMethod::token, predicted, error_of(plain_.computed(Activations::dynamic)), ""};
  }

  InputError channel() const {
    const std::vector<float> ranges = column_ranges(sample_.x);
    const double predicted =
        plain_.predicted([&](auto, std::int64_t column) { return ranges[static_cast<std::size_t>(column)]; });
    const Codes codes = absmax_quantize(channels_first(sample_.x), kBits, Granularity::per_channel);
    const Tensor rounded = channels_first(dequantize(codes));
    const Tensor y = QuantizedMatrix(int8_rows(sample_.weight), Activations::weight_only).project(rounded);
    return {InputMethod::channel, predicted, error_of(y),
            "in FP32: a scale per channel stands inside the sum over channels, where int32 cannot divide it out"};
  }

  /// A product whose two sides were made easier to round, with a scale per token.
  InputError of_token_scales(InputMethod method, const Tensor& x, const Tensor& weight, std::string note) const {
    const Product product(x, weight);
    const std::vector<float> ranges = row_ranges(x);
    const double predicted =
        product.predicted([&](std::int64_t row, auto) { return ranges[static_cast<std::size_t>(row)]; });
    return {method, predicted, error_of(product.computed(Activations::dynamic)), std::move(note)};
  }

  InputError smoothed() const {
    if (sample_.smoothing.empty()) {
      return {InputMethod::smoothed, kNotMeasured, kNotMeasured,
              "not possible: what makes this input is not linear, so that no factor passes it"};
    }
    const Tensor x = sample_.x.clone(), weight = sample_.weight.clone();
    const std::size_t columns = sample_.smoothing.size();
    for (std::size_t i = 0; i < x.span<float>().size(); ++i) x.span<float>()[i] /= sample_.smoothing[i % columns];
    for (std::size_t i = 0; i < weight.span<float>().size(); ++i) {
      weight.span<float>()[i] *= sample_.smoothing[i % columns];
    }
    return of_token_scales(InputMethod::smoothed, x, weight, "with a scale per token");
  }

  InputError rotated() const {
    std::optional<Rotation> rotation;
    try {
      rotation.emplace(sample_.channels(), Rotation::Kind::spreading, Random(1, hash_name("explain")));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::config) throw;
      return {InputMethod::rotated, kNotMeasured, kNotMeasured,
              fmt::format("not possible: there is no Hadamard matrix of order {}", sample_.channels())};
    }
    const Tensor x = sample_.x.clone(), weight = sample_.weight.clone();
    rotate_rows(x, *rotation);
    rotate_rows(weight, *rotation);
    return of_token_scales(InputMethod::rotated, x, weight, "with a scale per token");
  }

  /// x with 0 in the columns that are kept out of the integers, window by window.
  Tensor without_outliers() const {
    std::vector<float> values;
    for (std::size_t w = 0; w + 1 < sample_.first_row.size(); ++w) {
      const Tensor x = contiguous(slice(sample_.x, 0, sample_.first_row[w], sample_.first_row[w + 1]));
      const Tensor rest = without_columns(x, outlier_columns(x, kKeptFrom));
      values.insert(values.end(), rest.span<float>().begin(), rest.span<float>().end());
    }
    return Tensor::from(values, {sample_.rows(), sample_.channels()});
  }

  InputError split() const {
    const Tensor rest = without_outliers();
    const std::vector<float> ranges = row_ranges(rest);
    const ReachHistogram reach =
        reach_of(rest, [&](std::int64_t row, auto) { return ranges[static_cast<std::size_t>(row)]; });
    const AnyWeight weight = int8_rows(sample_.weight);
    const Tensor y = by_window([&](const Tensor& x, std::size_t) {
      return QuantizedMatrix(weight, ActivationScheme::split(kKeptFrom)).project(x);
    });
    return {InputMethod::split, plain_.relative(reach, kStep, 1.0), error_of(y),
            facts_.beyond_six > 0 ? "with a scale per token" : "no input reaches 6: the same as a scale per token"};
  }

  const LayerSample& sample_;
  LayerFacts& facts_;
  Product plain_;
  Tensor exact_;  // y of FP32
  float whole_ = 0;
  InputRange range_;
};

}  // namespace

std::vector<InputError> study_inputs(const LayerSample& sample, LayerFacts& facts) {
  const NoGrad no_grad;
  if (matrix_range(sample.x) == 0 || matrix_range(sample.weight) == 0) return {};
  return InputStudy(sample, facts).all();
}

}  // namespace octet
