#include "tensor/ops/checks.h"

namespace octet {

void check_same_shape(const char* op, const Tensor& a, const Tensor& b) {
  check(a.shape() == b.shape(), "[{}] expected equal shapes, got {} and {}", op, a.shape(), b.shape());
}

void check_same_device(const char* op, const Tensor& a, const Tensor& b) {
  if (b.defined()) {
    check(a.device() == b.device(), "[{}] expected tensors on one device, got {} and {}", op, name_of(a.device()),
          name_of(b.device()));
  }
}

void check_float(const char* op, const Tensor& x, int rank) {
  check(x.dtype() == DType::f32, "[{}] expected f32, got {} of shape {}", op, name_of(x.dtype()), x.shape());
  check(x.rank() >= rank, "[{}] expected at least {} dimensions, got shape {}", op, rank, x.shape());
}

void check_vector(const char* op, const char* what, const Tensor& x, std::int64_t size) {
  check_float(op, x);
  check(x.shape() == Shape({size}), "[{}] expected {} of shape ({}), got {}", op, what, size, x.shape());
}

std::int64_t rows_of(const Tensor& x) {
  std::int64_t rows = 1;
  for (int d = 0; d + 1 < x.rank(); ++d) {
    rows *= x.dim(d);
  }
  return rows;
}

Tensor empty_like(const Tensor& x, const Shape& shape, DType dtype) {
  return Tensor::empty(shape, dtype, x.device());
}

Tensor dense(const char* op, const Tensor& x) {
  check_float(op, x);
  return x.is_contiguous() ? x : x.clone();
}

}  // namespace octet
