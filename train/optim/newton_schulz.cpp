#include "train/optim/newton_schulz.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tensor/backend.h"

namespace octet {
namespace {

/// Kept away from zero, for a zero matrix.
constexpr double kSmallestNorm = 1e-20;

Tensor divided_by_norm(const Tensor& x) {
  const std::int64_t count = x.elements();
  Tensor y = Tensor::empty(x.shape(), DType::f32, x.device());
  const KernelTable& table = kernels(x.device());
  const double norm = std::sqrt(table.sum_squares({.count = count, .x = x.data<float>()}));
  const auto factor = static_cast<float>(1.0 / std::max(norm, kSmallestNorm));
  table.axpby({.count = count, .a = factor, .b = 0.0F, .x = x.data<float>(), .y = y.data<float>()});
  return y;
}

/// left right, of symmetric matrices that commute (polynomials of the same one).
Tensor symmetric_product(const Tensor& left, const Tensor& right) {
  const std::int64_t side = left.dim(0);
  Tensor product = Tensor::empty(left.shape(), DType::f32, left.device());
  kernels(left.device())
      .symmetric_gemm({.m = side,
                       .n = side,
                       .k = side,
                       .a = left.data<float>(),
                       .lda = side,
                       .b = right.data<float>(),
                       .ldb = side,
                       .c = product.data<float>(),
                       .ldc = side});
  return product;
}

/// x x^T where x is wide, else x^T x: the smaller one.
Tensor gram(const Tensor& x, bool wide) {
  const std::int64_t rows = x.dim(0), columns = x.dim(1), side = wide ? rows : columns;
  Tensor product = Tensor::empty({side, side}, DType::f32, x.device());
  kernels(x.device())
      .symmetric_gemm({.transpose_a = !wide,
                       .transpose_b = wide,
                       .m = side,
                       .n = side,
                       .k = wide ? columns : rows,
                       .a = x.data<float>(),
                       .lda = columns,
                       .b = x.data<float>(),
                       .ldb = columns,
                       .c = product.data<float>(),
                       .ldc = side});
  return product;
}

/// P = a I + b A + c A^2
Tensor polynomial(const Tensor& a) {
  Tensor p = symmetric_product(a, a);
  const KernelTable& table = kernels(a.device());
  float* const values = p.data<float>();
  table.axpby({.count = a.elements(), .a = kNewtonSchulzB, .b = kNewtonSchulzC, .x = a.data<float>(), .y = values});
  table.add_diagonal({.side = a.dim(0), .value = kNewtonSchulzA, .x = values});
  return p;
}

/// p x where x is wide, else x p.
Tensor applied(const Tensor& p, const Tensor& x, bool wide) {
  const std::int64_t rows = x.dim(0), columns = x.dim(1), side = p.dim(0);
  Tensor y = Tensor::empty(x.shape(), DType::f32, x.device());
  kernels(x.device())
      .gemm({.m = rows,
             .n = columns,
             .k = side,
             .a = wide ? p.data<float>() : x.data<float>(),
             .lda = side,
             .b = wide ? x.data<float>() : p.data<float>(),
             .ldb = columns,
             .c = y.data<float>(),
             .ldc = columns});
  return y;
}

/// The product of the P of all iterations, from A of the first one.
Tensor all_iterations(Tensor a) {
  Tensor q = polynomial(a), p = q;
  for (int i = 1; i < kNewtonSchulzIterations; ++i) {
    a = symmetric_product(symmetric_product(a, p), p);
    p = polynomial(a);
    q = symmetric_product(q, p);
  }
  return q;
}

}  // namespace

Tensor newton_schulz(const Tensor& x) {
  const bool wide = x.dim(0) < x.dim(1);
  const auto [shorter, longer] = std::minmax({x.dim(0), x.dim(1)});
  Tensor y = divided_by_norm(x);
  if (2 * longer >= 3 * shorter) {  // from here on the square products cost less
    return applied(all_iterations(gram(y, wide)), y, wide);
  }
  for (int i = 0; i < kNewtonSchulzIterations; ++i) {
    y = applied(polynomial(gram(y, wide)), y, wide);
  }
  return y;
}

}  // namespace octet
