#include "eval/verify/verify.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "eval/score/window_batches.h"
#include "eval/verify/verify_exact.h"
#include "nn/layers/quantized_layer.h"
#include "nn/layers/quantized_linear.h"
#include "nn/observe.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/dynamic_linear.h"

namespace octet {
namespace {

/// Makes a backend the active one of its device for as long as it lives.
class BackendScope {
 public:
  explicit BackendScope(const Backend& backend) : before_(active_backend(backend.device)) {
    set_active_backend(backend);
  }
  ~BackendScope() { set_active_backend(before_); }
  BackendScope(const BackendScope&) = delete;
  BackendScope& operator=(const BackendScope&) = delete;

 private:
  const Backend& before_;
};

/// What a backend computes of a layer, in CPU memory; rows and sums only with int8 activations.
struct Computed {
  QuantizedRows rows;
  Tensor sums;  // (groups, M, N) i32
  Tensor y;     // (M, N)
};

Computed compute(const VerifyCase& layer, const Backend& backend) {
  const BackendScope scope(backend);
  const auto matrix = std::make_unique<QuantizedMatrix>(*layer.matrix);  // on the heap: GCC 12 warns without cause
  matrix->to(backend.device);
  const Tensor x = layer.x.to(backend.device);
  const auto to_cpu = [](const Tensor& tensor) { return tensor.to(DeviceKind::cpu); };
  Computed result;
  if (matrix->activations() != Activations::weight_only) {
    const QuantizedRows rows = matrix->quantize(x);
    result.rows = {to_cpu(rows.codes), to_cpu(rows.scales), to_cpu(rows.corrections), rows.shape, rows.scheme};
    result.sums = to_cpu(integer_product(rows, matrix->packed()));
  }
  result.y = to_cpu(matrix->project(x, layer.bias.defined() ? layer.bias.to(backend.device) : Tensor()));
  return result;
}

/// Where two tensors of one shape differ first; a NaN equals a NaN.
template <typename T>
std::optional<std::int64_t> first_difference(const Tensor& expected, const Tensor& got) {
  const std::span<const T> a = expected.span<T>(), b = got.span<T>();
  const auto same = [](T x, T y) { return x == y || (x != x && y != y); };
  const auto at = std::mismatch(a.begin(), a.end(), b.begin(), same).first;
  return at == a.end() ? std::nullopt : std::optional<std::int64_t>(at - a.begin());
}

template <typename T>
std::string expected_got(const Tensor& expected, const Tensor& got, std::int64_t index) {
  const auto text = [&](const Tensor& tensor) { return fmt::format("{}", +tensor.data<T>()[index]); };
  return "expected " + text(expected) + ", got " + text(got);
}

/// What differs between the activations of two backends; empty where nothing does.
std::string compare_activations(const QuantizedRows& expected, const QuantizedRows& got) {
  if (const auto at = first_difference<float>(expected.scales, got.scales)) {
    return fmt::format("scale of input {}: {}", *at, expected_got<float>(expected.scales, got.scales, *at));
  }
  if (const auto at = first_difference<std::int8_t>(expected.codes, got.codes)) {
    const std::int64_t stride = expected.codes.dim(1);
    return fmt::format("code {} of input {}: {}", *at % stride, *at / stride,
                       expected_got<std::int8_t>(expected.codes, got.codes, *at));
  }
  if (const auto at = first_difference<std::int32_t>(expected.corrections, got.corrections)) {
    const std::int64_t groups = expected.corrections.dim(1);
    return fmt::format("sum of group {} of input {}: {}", *at % groups, *at / groups,
                       expected_got<std::int32_t>(expected.corrections, got.corrections, *at));
  }
  return {};
}

std::string compare_sums(const Tensor& expected, const Tensor& got) {
  const auto at = first_difference<std::int32_t>(expected, got);
  if (!at) {
    return {};
  }
  const std::int64_t inputs = expected.dim(1), outputs = expected.dim(2);
  return fmt::format("int32 sum of input {}, output {}, group {}: {}", *at / outputs % inputs, *at % outputs,
                     *at / (outputs * inputs), expected_got<std::int32_t>(expected, got, *at));
}

/// |y - exact| relative to the terms of the sum; infinite where one of them is no number, for then nothing is compared.
double float_error(double y, double exact, double magnitude) {
  if (!std::isfinite(y) || !std::isfinite(exact)) {
    return std::numeric_limits<double>::infinity();
  }
  return y == exact ? 0.0 : std::fabs(y - exact) / magnitude;
}

/// Sets max_float_error; returns what differs first by more than the bound.
std::string compare_floats(const ExactProduct& exact, const Tensor& y, VerifyRow& row) {
  std::string difference;
  const std::span<const float> values = y.span<float>();
  const std::int64_t outputs = row.shape[0];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double error = float_error(values[i], exact.y[i], exact.magnitude[i]);
    row.max_float_error = std::max(row.max_float_error, error);
    if (error > row.float_bound && difference.empty()) {
      const std::int64_t index = static_cast<std::int64_t>(i);
      difference =
          fmt::format("output {} of input {}: expected {:.9g}, got {:.9g}, an error of {:.2g} where {:.2g} is allowed",
                      index % outputs, index / outputs, exact.y[i], values[i], error, row.float_bound);
    }
  }
  return difference;
}

VerifyRow compare(const VerifyCase& layer, const Backend& backend, const Computed& reference,
                  const ExactProduct& exact) {
  const QuantizedMatrix& matrix = *layer.matrix;
  VerifyRow row{layer.layer, std::string(backend.name), matrix.describe()};
  row.inputs = layer.x.dim(0);
  row.shape = {matrix.rows(), matrix.columns()};
  row.float_bound = float_bound(matrix);
  const Computed got = compute(layer, backend);
  std::string differences[3];
  if (reference.sums.defined()) {
    differences[0] = compare_activations(reference.rows, got.rows);
    differences[1] = compare_sums(reference.sums, got.sums);
    row.codes_equal = differences[0].empty();
    row.int32_equal = differences[1].empty();
  }
  differences[2] = compare_floats(exact, got.y, row);
  const auto first =
      std::find_if(std::begin(differences), std::end(differences), [](const auto& d) { return !d.empty(); });
  row.difference = first == std::end(differences) ? "" : *first;
  return row;
}

/// A case without inputs, where the module is a quantized layer.
std::optional<VerifyCase> case_of(const std::string& path, const Module& module) {
  const QuantizedMatrix* matrix = quantized_matrix_of(module);
  if (matrix == nullptr) {
    return std::nullopt;
  }
  VerifyCase layer{path, matrix};
  if (const auto* linear = dynamic_cast<const QuantizedLinear*>(&module); linear != nullptr && linear->bias) {
    layer.bias = linear->bias->value();
  }
  return layer;
}

}  // namespace

std::vector<VerifyCase> verify_cases(Gpt& model, std::span<const Window> windows, std::int64_t rows) {
  check(rows >= 1, "[verify] expected at least one input row, got {}", rows);
  std::map<std::string, VerifyCase> quantized;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (auto layer = case_of(path, slot.module())) {
      quantized.emplace(path, *layer);
    }
  });
  std::vector<std::string> order;
  std::map<std::string, std::vector<float>> inputs;
  observe_inputs(model, input_batches(windows, 1), [&](const std::string& path, const Tensor& x) {
    const auto layer = quantized.find(path);
    if (layer == quantized.end()) {
      return;
    }
    const auto [entry, is_new] = inputs.try_emplace(path);
    if (is_new) {
      order.push_back(path);
    }
    const std::span<const float> values = x.span<float>();
    const std::size_t missing = static_cast<std::size_t>(rows * x.dim(-1)) - entry->second.size();
    entry->second.insert(entry->second.end(), values.begin(), values.begin() + std::min(missing, values.size()));
  });
  std::vector<VerifyCase> cases;
  for (const std::string& path : order) {
    VerifyCase& layer = quantized.at(path);
    const std::int64_t columns = layer.matrix->columns();
    layer.x = Tensor::from(inputs.at(path), {static_cast<std::int64_t>(inputs.at(path).size()) / columns, columns});
    cases.push_back(layer);
  }
  return cases;
}

std::vector<VerifyRow> verify(std::span<const VerifyCase> cases, std::span<const Backend* const> backends,
                              ProgressSink& progress) {
  const NoGrad no_grad;
  const Backend& generic = find_backend("cpu-generic");
  std::vector<VerifyRow> rows;
  ProgressUpdate update{
      .task = "verify", .unit = "layer", .total = static_cast<std::int64_t>(cases.size()), .rate_unit = "layers"};
  for (const VerifyCase& layer : cases) {
    progress.update(update);
    const Computed reference = compute(layer, generic);
    const ExactProduct exact = exact_product(layer.x, *layer.matrix, layer.bias, reference.rows);
    for (const Backend* backend : backends) {
      rows.push_back(compare(layer, *backend, reference, exact));
    }
    ++update.done;
  }
  progress.finish(update);
  return rows;
}

double float_bound(const QuantizedMatrix& matrix) {
  constexpr double kHalfStep = 0x1p-24;
  constexpr double kEpilogue = 5;  // scale of the activations, bias, offset, conversion of int32, product with scale
  constexpr double kDeviations = 8;
  const CodeLayout& layout = matrix.packed().layout();
  const double epilogue = 2 * static_cast<double>(layout.groups) + kEpilogue;
  const Activations kind = matrix.activations();
  const double rank = matrix.low_rank() != nullptr ? static_cast<double>(matrix.low_rank()->rank()) : 0.0;
  const bool integer_sums = kind == Activations::dynamic || kind == Activations::static_scale;
  if (integer_sums && rank == 0.0) {
    return epilogue * kHalfStep;
  }
  const double terms = static_cast<double>(layout.columns) + rank + epilogue;
  return std::min(terms, kDeviations * std::sqrt(terms)) * kHalfStep;
}

}  // namespace octet
