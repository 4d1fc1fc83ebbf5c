#include "tensor/ops/matmul.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

bool same_leading(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank()) {
    return false;
  }
  for (int d = 0; d + 2 < a.rank(); ++d) {
    if (a[d] != b[d]) {
      return false;
    }
  }
  return true;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  check_float("matmul", a, 2);
  check_float("matmul", b, 2);
  const std::int64_t m = a.dim(transpose_a ? -1 : -2), k = a.dim(transpose_a ? -2 : -1);
  const std::int64_t n = b.dim(transpose_b ? -2 : -1), inner = b.dim(transpose_b ? -1 : -2);
  check(same_leading(a.shape(), b.shape()) && k == inner,
        "[matmul] expected equal leading and inner dimensions, got {}{} and {}{}", a.shape(),
        transpose_a ? " transposed" : "", b.shape(), transpose_b ? " transposed" : "");
  check_same_device("matmul", a, b);
  const Tensor left = dense("matmul", a), right = dense("matmul", b);
  Shape shape = a.shape();
  shape.set(-2, m);
  shape.set(-1, n);
  Tensor y = empty_like(a, shape);
  kernels(a.device())
      .gemm({.transpose_a = transpose_a,
             .transpose_b = transpose_b,
             .m = m,
             .n = n,
             .k = k,
             .a = left.data<float>(),
             .lda = a.dim(-1),
             .b = right.data<float>(),
             .ldb = b.dim(-1),
             .c = y.data<float>(),
             .ldc = n,
             .batch = m * n == 0 ? 0 : y.elements() / (m * n),
             .stride_a = m * k,
             .stride_b = k * n,
             .stride_c = m * n});
  return record("matmul", {a, b}, y, [left, right, transpose_a, transpose_b](const Tensor& dy) {
    // forward: y = op(a) op(b); so d op(a) = dy op(b)^T and d op(b) = op(a)^T dy, each transposed back where its
    // operand was.
    return std::vector<Tensor>{
        transpose_a ? matmul(right, dy, transpose_b, true) : matmul(dy, right, false, !transpose_b),
        transpose_b ? matmul(dy, left, true, transpose_a) : matmul(left, dy, !transpose_a, false)};
  });
}

}  // namespace octet
