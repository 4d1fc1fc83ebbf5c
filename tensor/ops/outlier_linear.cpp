#include "tensor/ops/outlier_linear.h"

#include <bit>
#include <utility>

#include "base/parallel.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/checks.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/unpack_rows.h"

namespace octet {
namespace {

// Below this many values, waking the other threads costs more than they save.
constexpr std::int64_t kParallelValues = 1 << 17;
constexpr std::int64_t kColumnsOfAThread = 256;

/// Contiguous elements in CPU memory that nobody else sees.
Tensor host_copy(const char* op, const Tensor& x) {
  Tensor copy = Tensor::empty(x.shape());
  copy.copy_from(dense(op, x));
  return copy;
}

/// Moves the columns `ks` of x (M, K), in CPU memory, to a matrix (M, number of columns) of their own, and leaves 0
/// behind.
Tensor take_columns(Tensor& x, const std::vector<std::int64_t>& ks) {
  const auto count = static_cast<std::int64_t>(ks.size());
  const std::int64_t rows = rows_of(x), columns = x.dim(-1);
  Tensor taken = Tensor::empty({rows, count});
  for (std::int64_t m = 0; m < rows; ++m) {
    float* row = x.data<float>() + m * columns;
    for (std::int64_t j = 0; j < count; ++j) {
      taken.data<float>()[m * count + j] = std::exchange(row[ks[static_cast<std::size_t>(j)]], 0.0F);
    }
  }
  return taken;
}

/// y (M, N) += x (M, J) w (J, N)
void add_product(const Tensor& x, const Tensor& w, Tensor& y) {
  const std::int64_t n = w.dim(1), k = w.dim(0);
  kernels(x.device())
      .gemm({.m = x.dim(0),
             .n = n,
             .k = k,
             .a = x.data<float>(),
             .lda = k,
             .b = w.data<float>(),
             .ldb = n,
             .c = y.data<float>(),
             .ldc = n,
             .beta = 1.0F});
}

}  // namespace

std::vector<std::int64_t> outlier_columns(const Tensor& x, float threshold) {
  check_float("outlier_columns", x, 1);
  check(threshold >= 0.0F, "[outlier_columns] expected a threshold of at least 0, got {}", threshold);
  const Tensor values = dense("outlier_columns", x).to(DeviceKind::cpu);
  const std::int64_t rows = rows_of(x), columns = x.dim(-1);
  // Magnitudes are ordered like their bits, and NaN is above them all. Adding 0 makes 0 of -0.
  const auto limit = std::bit_cast<std::int32_t>(threshold + 0.0F);
  std::vector<std::int32_t> found(static_cast<std::size_t>(columns));
  const std::int64_t grain = x.elements() > kParallelValues ? kColumnsOfAThread : columns;
  parallel_for(columns, grain, [&](std::int64_t begin, std::int64_t end) {
    std::int32_t* flags = found.data();
    for (std::int64_t m = 0; m < rows; ++m) {
      const float* row = values.data<float>() + m * columns;
      for (std::int64_t k = begin; k < end; ++k) {
        flags[k] |= static_cast<std::int32_t>((std::bit_cast<std::int32_t>(row[k]) & 0x7FFFFFFF) >= limit);
      }
    }
  });
  std::vector<std::int64_t> result;
  for (std::int64_t k = 0; k < columns; ++k) {
    if (found[static_cast<std::size_t>(k)] != 0) {
      result.push_back(k);
    }
  }
  return result;
}

Tensor without_columns(const Tensor& x, const std::vector<std::int64_t>& ks) {
  Tensor rest = host_copy("without_columns", x);
  take_columns(rest, ks);
  return rest.to(x.device());
}

Tensor outlier_linear(const Tensor& x, float threshold, const PackedWeight& weight, const Tensor& bias,
                      const Epilogue& epilogue) {
  check_float("outlier_linear", x, 1);
  check(weight.has_integer_codes(), "[outlier_linear] expected a weight with integer codes");
  check(x.dim(-1) == weight.columns(), "[outlier_linear] expected x (..., {}), got {}", weight.columns(), x.shape());
  const std::vector<std::int64_t> columns = outlier_columns(x, threshold);
  if (columns.empty()) {
    return dynamic_linear(x, weight, bias, epilogue);
  }
  Tensor y;
  {
    const NoGrad no_grad;
    Tensor rest = host_copy("outlier_linear", x);
    const Tensor outliers = take_columns(rest, columns);
    y = dynamic_linear(rest.to(x.device()), weight, bias);
    add_product(outliers.to(x.device()), unpack_columns(weight, columns), y);
    y = apply_epilogue(y, epilogue);
  }
  return record("outlier_linear", {x, epilogue.residual}, y, [](const Tensor&) -> std::vector<Tensor> {
    fail(ErrorKind::run, "[outlier_linear] has no gradient, because activations are rounded; use weight-only layers");
  });
}

}  // namespace octet
