#include "tensor/ops/view.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

Shape inferred_shape(const Tensor& x, std::vector<std::int64_t> sizes) {
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  for (std::int64_t& size : sizes) {
    check(size >= 0 || (size == -1 && open == nullptr),
          "[reshape] expected sizes of at least 0 and at most one -1, got {}", size);
    if (size == -1) {
      open = &size;
    } else {
      known *= size;
    }
  }
  if (open != nullptr) {
    *open = known == 0 ? 0 : x.elements() / known;
  }
  const Shape shape{std::span<const std::int64_t>(sizes)};
  check(shape.elements() == x.elements(), "[reshape] expected a shape of {} elements like {}, got {}", x.elements(),
        x.shape(), shape);
  return shape;
}

Tensor reshaped(const Tensor& x, const Shape& shape) {
  const Tensor source = x.is_contiguous() ? x : x.clone();
  std::vector<std::int64_t> strides(static_cast<std::size_t>(shape.rank()));
  std::int64_t step = 1;
  for (int d = shape.rank() - 1; d >= 0; --d) {
    strides[static_cast<std::size_t>(d)] = step;
    step *= shape[d];
  }
  return source.alias(shape, strides, 0);
}

Tensor swapped(const Tensor& x, int first, int second) {
  Shape shape = x.shape();
  std::vector<std::int64_t> strides(x.strides().begin(), x.strides().end());
  shape.set(first, x.dim(second));
  shape.set(second, x.dim(first));
  std::swap(strides[static_cast<std::size_t>(shape.index(first))],
            strides[static_cast<std::size_t>(shape.index(second))]);
  return x.alias(shape, strides, 0);
}

Tensor sliced(const Tensor& x, int dim, std::int64_t begin, std::int64_t end) {
  Shape shape = x.shape();
  shape.set(dim, end - begin);
  return x.alias(shape, x.strides(), begin * x.stride(dim));
}

}  // namespace

Tensor reshape(const Tensor& x, const std::vector<std::int64_t>& sizes) {
  // Views move no value, so the gradients only move back. forward: y = x in another shape; so dx = dy in the shape of
  // x.
  return record("reshape", {x}, reshaped(x, inferred_shape(x, sizes)),
                [shape = x.shape()](const Tensor& dy) { return std::vector<Tensor>{reshaped(dy, shape)}; });
}

Tensor transpose(const Tensor& x, int first, int second) {
  // forward: y = x with two dimensions swapped; so dx = dy with the same two swapped.
  return record("transpose", {x}, swapped(x, first, second),
                [first, second](const Tensor& dy) { return std::vector<Tensor>{swapped(dy, first, second)}; });
}

Tensor slice(const Tensor& x, int dim, std::int64_t begin, std::int64_t end) {
  check(begin >= 0 && begin <= end && end <= x.dim(dim),
        "[slice] expected a range within 0 to {} of dimension {} of {}, got {} to {}", x.dim(dim), dim, x.shape(),
        begin, end);
  // forward: y = x[begin .. end); so dx[begin .. end) = dy, and 0 elsewhere.
  return record("slice", {x}, sliced(x, dim, begin, end), [shape = x.shape(), dim, begin, end](const Tensor& dy) {
    Tensor dx = Tensor::zeros(shape, DType::f32, dy.device());
    sliced(dx, dim, begin, end).copy_from(dy);
    return std::vector<Tensor>{dx};
  });
}

Tensor concat(const std::vector<Tensor>& parts) {
  check(!parts.empty(), "[concat] expected parts, got none");
  Shape shape = parts.front().shape();
  std::vector<std::int64_t> widths;
  std::int64_t width = 0;
  for (const Tensor& part : parts) {
    check_float("concat", part, 1);
    check_same_device("concat", parts.front(), part);
    widths.push_back(part.dim(-1));
    width += part.dim(-1);
    shape.set(-1, part.dim(-1));
    check(part.shape() == shape, "[concat] expected parts that differ in their last dimension alone, got {} and {}",
          parts.front().shape(), part.shape());
  }
  shape.set(-1, width);
  const int last = shape.rank() - 1;
  const Tensor y = empty_like(parts.front(), shape);
  std::int64_t begin = 0;
  for (const Tensor& part : parts) {
    sliced(y, last, begin, begin + part.dim(-1)).copy_from(part);
    begin += part.dim(-1);
  }
  // forward: y = the parts side by side; so each has its columns of dy.
  return record("concat", parts, y, [widths, last](const Tensor& dy) {
    std::vector<Tensor> gradients;
    std::int64_t first = 0;
    for (const std::int64_t columns : widths) {
      gradients.push_back(sliced(dy, last, first, first + columns));
      first += columns;
    }
    return gradients;
  });
}

Tensor contiguous(const Tensor& x) {
  if (x.is_contiguous()) {
    return x;
  }
  return record("contiguous", {x}, x.clone(), [](const Tensor& dy) { return std::vector<Tensor>{dy}; });
}

}  // namespace octet
