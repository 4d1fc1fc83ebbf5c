#include "eval/explain/weight_methods.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.h"
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

double mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x) * static_cast<double>(x);
  return sum / static_cast<double>(values.size());
}

/// What a method makes of normally distributed groups, by the size of a value: Q(x) = gain x + n, for each size
/// t = |x| / rms of the group, in bins four to a power of two. Below all bins and above them the outermost count.
class NormalProfile {
 public:
  NormalProfile(const WeightScheme& scheme, std::int64_t run) {
    const std::int64_t rows = kValues / run;
    const Tensor samples = Tensor::empty({rows, run});
    const Random random(1, hash_name("explain"));
    for (std::int64_t i = 0; i < rows * run; ++i)
      samples.data<float>()[i] = random.normal(static_cast<std::uint64_t>(i));
    const Tensor rounded = dequantize(quantize_matrix(samples, scheme));
    std::vector<Sums> sums(kBins);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto values =
          samples.span<float>().subspan(static_cast<std::size_t>(row * run), static_cast<std::size_t>(run));
      const double rms = std::sqrt(mean_square(values));
      for (std::size_t i = 0; i < values.size(); ++i) {
        const double x = static_cast<double>(values[i]) / rms;
        sums[bin_of(x)].add(x,
                            static_cast<double>(rounded.data<float>()[row * run + static_cast<std::int64_t>(i)]) / rms);
      }
    }
    for (std::size_t bin = 0; bin < sums.size(); ++bin) bins_[bin] = sums[bin].noise();
  }

  const ColumnNoise& of(double size) const { return bins_[bin_of(size)]; }

 private:
  static constexpr std::int64_t kValues = 1 << 17;
  static constexpr int kPerOctave = 4, kLowest = -6, kHighest = 2;  // 2^-6 to 4 times the rms
  static constexpr std::size_t kBins = kPerOctave * (kHighest - kLowest);

  struct Sums {
    double count = 0, power = 0, product = 0, error = 0;

    void add(double x, double q) {
      ++count;
      power += x * x;
      product += x * q;
      error += (q - x) * (q - x);
    }
    ColumnNoise noise() const {
      if (count == 0) return {};
      const double gain = product / power;
      return {gain, std::max(0.0, error - (1 - gain) * (1 - gain) * power) / count};
    }
  };

  static std::size_t bin_of(double size) {
    const double octaves = std::log2(std::max(std::fabs(size), 1e-30)) - kLowest;
    return static_cast<std::size_t>(std::clamp(std::floor(octaves * kPerOctave), 0.0, kBins - 1.0));
  }

  std::array<ColumnNoise, kBins> bins_;
};

/// The noise of each column from a profile of its values, as the mean over the rows.
std::vector<ColumnNoise> noise_by_profile(const Tensor& weight, std::int64_t run, const NormalProfile& profile) {
  struct Sums {
    double power = 0, kept = 0, error = 0;
  };
  const auto columns = static_cast<std::size_t>(weight.dim(1)), length = static_cast<std::size_t>(run);
  std::vector<Sums> sums(columns);
  const std::span<const float> values = weight.span<float>();
  for (std::size_t row = 0; row < values.size(); row += columns) {
    for (std::size_t first = 0; first < columns; first += length) {
      const auto group = values.subspan(row + first, std::min(length, columns - first));
      const double square = mean_square(group);
      if (square == 0) continue;
      for (std::size_t j = 0; j < group.size(); ++j) {
        const auto x = static_cast<double>(group[j]);
        const ColumnNoise& rounding = profile.of(x / std::sqrt(square));
        Sums& column = sums[first + j];
        column.power += x * x;
        column.kept += rounding.gain * x * x;
        column.error += (1 - rounding.gain) * (1 - rounding.gain) * x * x + rounding.noise * square;
      }
    }
  }
  std::vector<ColumnNoise> noise;
  for (const Sums& column : sums) {
    const double gain = column.power > 0 ? column.kept / column.power : 1;
    noise.push_back({gain, std::max(0.0, column.error - (1 - gain) * (1 - gain) * column.power) /
                               static_cast<double>(weight.dim(0))});
  }
  return noise;
}

/// noise_of(values of a group) for each column, as the mean over the rows.
std::vector<ColumnNoise> noise_of_groups(const Tensor& weight, std::int64_t run,
                                         const std::function<double(std::span<const float>)>& noise_of) {
  const auto columns = static_cast<std::size_t>(weight.dim(1)), length = static_cast<std::size_t>(run);
  std::vector<ColumnNoise> noise(columns);
  const std::span<const float> values = weight.span<float>();
  for (std::size_t row = 0; row < values.size(); row += columns) {
    for (std::size_t first = 0; first < columns; first += length) {
      const std::size_t count = std::min(length, columns - first);
      const double of_group = noise_of(values.subspan(row + first, count)) / static_cast<double>(weight.dim(0));
      for (std::size_t j = first; j < first + count; ++j) noise[j].noise += of_group;
    }
  }
  return noise;
}

class WeightStudy {
 public:
  explicit WeightStudy(const LayerSample& sample)
      : sample_(sample),
        moments_(sample.x, sample.weight),
        run_(std::min(kExplainedGroup, sample.channels())),
        exact_(linear(sample.x, sample.weight)) {}

  WeightError of(WeightMethod method) const {
    const WeightScheme scheme = scheme_of(method);
    const double predicted = moments_.error_of_weights(predicted_noise(method, scheme)) / moments_.signal();
    return {method, predicted, measured(scheme), ""};
  }

 private:
  std::vector<ColumnNoise> predicted_noise(WeightMethod method, const WeightScheme& scheme) const {
    const Tensor& w = sample_.weight;
    switch (method) {
      case WeightMethod::tensor8:
      case WeightMethod::tensor4:
        return reach_of(w, [range = matrix_range(w)](auto, auto) { return range; }).noise(step_of(scheme));
      case WeightMethod::row8:
      case WeightMethod::row4:
        return of_runs(scheme, sample_.channels());
      case WeightMethod::group4:
        return of_runs(scheme, run_);
      case WeightMethod::minimum4:
        return noise_of_groups(w, run_, [](std::span<const float> values) {
          const auto [low, high] = std::minmax_element(values.begin(), values.end());
          const double step = (std::max(*high, 0.0F) - std::min(*low, 0.0F)) / 15.0;
          return step * step / 12;
        });
      case WeightMethod::searched4:
      case WeightMethod::table4:
        break;
    }
    return noise_by_profile(w, run_, NormalProfile(scheme, run_));
  }

  static double step_of(const WeightScheme& scheme) { return 1.0 / largest_code(static_cast<int>(scheme.bits)); }

  std::vector<ColumnNoise> of_runs(const WeightScheme& scheme, std::int64_t run) const {
    const std::vector<float> ranges = group_ranges(sample_.weight, run);
    const std::int64_t groups = (sample_.channels() + run - 1) / run;
    const RangeOf range = [&](std::int64_t row, std::int64_t column) {
      return ranges[static_cast<std::size_t>(row * groups + column / run)];
    };
    return reach_of(sample_.weight, range).noise(step_of(scheme));
  }

  double measured(const WeightScheme& scheme) const {
    return relative_error(exact_, linear(sample_.x, dequantize(quantize_matrix(sample_.weight, scheme))));
  }

  const LayerSample& sample_;
  ProductMoments moments_;
  std::int64_t run_;
  Tensor exact_;  // y of FP32
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
