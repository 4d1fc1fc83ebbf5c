#include "eval/verify/verify_exact.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/outlier_linear.h"

namespace octet {
namespace {

struct Term {
  double y = 0;
  double magnitude = 0;
};

/// Fills y (M, N) with term(m, n) + bias[n].
template <typename TermAt>
ExactProduct product_of(std::int64_t m_count, std::int64_t n_count, const Tensor& bias, const TermAt& term) {
  const auto size = static_cast<std::size_t>(m_count * n_count);
  ExactProduct exact{std::vector<double>(size), std::vector<double>(size)};
  parallel_for(n_count, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      const double b = bias.defined() ? bias.data<float>()[n] : 0.0;
      for (std::int64_t m = 0; m < m_count; ++m) {
        const Term sum = term(m, n);
        const auto index = static_cast<std::size_t>(m * n_count + n);
        exact.y[index] = sum.y + b;
        exact.magnitude[index] = sum.magnitude + std::fabs(b);
      }
    }
  });
  return exact;
}

/// What the kernels add for each unit of x in a group, because they shift the codes of a grid with a minimum: 0 for
/// symmetric ones.
double offset_of(const PackedWeight& packed, std::int64_t n, std::int64_t group) {
  const PackedCodes codes = packed.view();
  if (codes.offsets == nullptr) {
    return 0.0;
  }
  return codes.offsets[(n / kPanelColumns * codes.layout.groups + group) * kPanelColumns + n % kPanelColumns];
}

/// (sum over groups of (sum of x * code) * scale + (sum of x) * minimum) * scale of the row. Kernels split it as
/// (sum of x * shifted code) * scale + (sum of x) * offset.
ExactProduct integer_product_of(const QuantizedRows& x, const QuantizedMatrix& matrix, const Tensor& bias) {
  const Codes w = codes_of(matrix.weight());
  const CodeLayout& layout = matrix.packed().layout();
  return product_of(x.codes.dim(0), w.rows(), bias, [&](std::int64_t m, std::int64_t n) {
    Term total;
    for (std::int64_t group = 0; group < layout.groups; ++group) {
      const std::int64_t first = group * layout.group, count = std::min(layout.group, layout.columns - first);
      const std::int8_t* a = x.codes.data<std::int8_t>() + m * layout.stride + layout.begin(group);
      const std::int8_t* b = w.codes.data<std::int8_t>() + n * layout.columns + first;
      std::int32_t sum = 0, x_sum = 0;
      for (std::int64_t k = 0; k < count; ++k) {
        sum += a[k] * b[k];
        x_sum += a[k];
      }
      const double y = sum * static_cast<double>(w.scale(n, group)) + x_sum * static_cast<double>(w.minimum(n, group));
      const double of_offset = x_sum * offset_of(matrix.packed(), n, group);
      total.y += y;
      total.magnitude += std::fabs(y - of_offset) + std::fabs(of_offset);
    }
    const double scale = x.scales.data<float>()[m];
    return Term{total.y * scale, total.magnitude * scale};
  });
}

/// Sum over k of x * w. Kernels split it as x * (w - offset) and x * offset.
ExactProduct float_product_of(const Tensor& x, const QuantizedMatrix& matrix, const Tensor& bias) {
  const Tensor w = dequantize(matrix.weight());
  const CodeLayout& layout = matrix.packed().layout();
  return product_of(x.dim(0), matrix.rows(), bias, [&](std::int64_t m, std::int64_t n) {
    const float* a = x.data<float>() + m * layout.columns;
    const float* b = w.data<float>() + n * layout.columns;
    Term total;
    for (std::int64_t group = 0; group < layout.groups; ++group) {
      const double offset = offset_of(matrix.packed(), n, group);
      const std::int64_t first = group * layout.group, last = std::min(first + layout.group, layout.columns);
      for (std::int64_t k = first; k < last; ++k) {
        const double value = a[k];
        total.y += value * b[k];
        total.magnitude += std::fabs(value) * (std::fabs(b[k] - offset) + std::fabs(offset));
      }
    }
    return total;
  });
}

/// The product of the codes, and that of the outlier columns in floating point.
ExactProduct split_product_of(const Tensor& x, const QuantizedMatrix& matrix, const Tensor& bias,
                              const QuantizedRows& rows) {
  const std::vector<std::int64_t> columns = outlier_columns(x, matrix.activation_scheme().threshold);
  std::vector<std::int64_t> others;
  for (std::int64_t k = 0; k < matrix.columns(); ++k) {
    if (!std::binary_search(columns.begin(), columns.end(), k)) {
      others.push_back(k);
    }
  }
  ExactProduct exact = integer_product_of(rows, matrix, bias);
  const ExactProduct outliers = float_product_of(without_columns(x, others), matrix, {});
  for (std::size_t i = 0; i < exact.y.size(); ++i) {
    exact.y[i] += outliers.y[i];
    exact.magnitude[i] += outliers.magnitude[i];
  }
  return exact;
}

/// Adds (x B^T) A^T, which reads x as it is.
void add_low_rank(const Tensor& x, const LowRank& low_rank, ExactProduct& exact) {
  const Tensor left = dequantize(low_rank.left()), right = dequantize(low_rank.right());
  const std::int64_t rank = low_rank.rank(), columns = low_rank.columns();
  std::vector<Term> thin;  // (M, r)
  for (std::int64_t i = 0; i < x.dim(0) * rank; ++i) {
    const float* a = x.data<float>() + i / rank * columns;
    const float* b = right.data<float>() + i % rank * columns;
    Term sum;
    for (std::int64_t k = 0; k < columns; ++k) {
      const double product = static_cast<double>(a[k]) * static_cast<double>(b[k]);
      sum.y += product;
      sum.magnitude += std::fabs(product);
    }
    thin.push_back(sum);
  }
  for (std::size_t i = 0; i < exact.y.size(); ++i) {
    const auto m = static_cast<std::int64_t>(i) / low_rank.rows(), n = static_cast<std::int64_t>(i) % low_rank.rows();
    for (std::int64_t r = 0; r < rank; ++r) {
      const Term& sum = thin[static_cast<std::size_t>(m * rank + r)];
      const double factor = left.data<float>()[n * rank + r];
      exact.y[i] += factor * sum.y;
      exact.magnitude[i] += std::fabs(factor) * sum.magnitude;
    }
  }
}

/// x W^T + bias
ExactProduct weight_product(const Tensor& x, const QuantizedMatrix& matrix, const Tensor& bias,
                            const QuantizedRows& rows) {
  switch (matrix.activations()) {
    case Activations::weight_only:
      return float_product_of(x, matrix, bias);
    case Activations::outlier_split:
      return split_product_of(x, matrix, bias, rows);
    case Activations::dynamic:
    case Activations::static_scale:
      break;
  }
  const Tensor& correction = matrix.correction();
  if (!correction.defined()) {
    return integer_product_of(rows, matrix, bias);
  }
  return integer_product_of(rows, matrix, bias.defined() ? add(bias, correction) : correction);
}

}  // namespace

ExactProduct exact_product(const Tensor& x, const QuantizedMatrix& matrix, const Tensor& bias,
                           const QuantizedRows& rows) {
  ExactProduct exact = weight_product(x, matrix, bias, rows);
  if (matrix.low_rank() != nullptr) {
    add_low_rank(x, *matrix.low_rank(), exact);
  }
  return exact;
}

}  // namespace octet
