#include "tensor/tensor.h"

#include <cstring>

#include "tensor/autograd/node.h"
#include "tensor/node_allocator.h"

namespace octet {
namespace {

using Strides = std::array<std::int64_t, Shape::kMaxRank>;

Strides row_major(const Shape& shape) {
  Strides strides{};
  std::int64_t step = 1;
  for (int dim = shape.rank() - 1; dim >= 0; --dim) {
    strides[static_cast<std::size_t>(dim)] = step;
    step *= shape[dim];
  }
  return strides;
}

// Copies the elements below dimension `dim` in row-major order and returns the next free byte.
std::byte* copy_elements(const std::byte* source, const Shape& shape, const Strides& strides, int dim, std::size_t size,
                         std::byte* destination) {
  if (dim == shape.rank()) {
    std::memcpy(destination, source, size);
    return destination + size;
  }
  const std::int64_t step = strides[static_cast<std::size_t>(dim)];
  if (dim == shape.rank() - 1 && step == 1) {
    const std::size_t bytes = static_cast<std::size_t>(shape[dim]) * size;
    std::memcpy(destination, source, bytes);
    return destination + bytes;
  }
  for (std::int64_t i = 0; i < shape[dim]; ++i) {
    destination =
        copy_elements(source + i * step * static_cast<std::int64_t>(size), shape, strides, dim + 1, size, destination);
  }
  return destination;
}

}  // namespace

Tensor Tensor::empty(const Shape& shape, DType dtype, DeviceKind device) {
  auto impl = std::allocate_shared<Impl>(NodeAllocator<Impl>());
  impl->storage = std::allocate_shared<Storage>(NodeAllocator<Storage>(),
                                                static_cast<std::size_t>(shape.elements()) * size_of(dtype), device);
  impl->shape = shape;
  impl->strides = row_major(shape);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

Tensor Tensor::zeros(const Shape& shape, DType dtype, DeviceKind device) {
  Tensor result = empty(shape, dtype, device);
  std::memset(result.raw_data(), 0, result.bytes());
  return result;
}

Tensor Tensor::full(const Shape& shape, float value) {
  Tensor result = empty(shape);
  result.fill(value);
  return result;
}

bool Tensor::is_contiguous() const {
  std::int64_t step = 1;
  for (int d = rank() - 1; d >= 0; --d) {
    if (dim(d) != 1 && stride(d) != step) {
      return false;
    }
    step *= dim(d);
  }
  return true;
}

void* Tensor::raw_data() const {
  return static_cast<std::byte*>(impl().storage->data()) + impl().offset * static_cast<std::int64_t>(size_of(dtype()));
}

float Tensor::item() const {
  check(elements() == 1, "[item] expected one element, got shape {}", shape());
  return *data<float>();
}

std::vector<float> Tensor::to_vector() const {
  check_dtype(DType::f32);
  std::vector<float> values(static_cast<std::size_t>(elements()));
  copy_to_contiguous(values.data());
  return values;
}

Tensor Tensor::clone() const {
  Tensor result = empty(shape(), dtype(), device());
  copy_to_contiguous(result.raw_data());
  return result;
}

Tensor Tensor::detach() const {
  return alias(shape(), strides(), 0);
}

void Tensor::copy_from(const Tensor& source) {
  check(shape() == source.shape() && dtype() == source.dtype(), "[copy_from] expected {} {}, got {} {}",
        name_of(dtype()), shape(), name_of(source.dtype()), source.shape());
  check(is_contiguous(), "[copy_from] expected a contiguous destination, got a view of shape {}", shape());
  source.copy_to_contiguous(raw_data());
}

void Tensor::fill(float value) {
  check(is_contiguous(), "[fill] expected contiguous data, got a view of shape {}", shape());
  std::fill_n(data<float>(), elements(), value);
}

Tensor Tensor::alias(const Shape& shape, std::span<const std::int64_t> strides, std::int64_t offset) const {
  check(static_cast<int>(strides.size()) == shape.rank(), "[alias] expected {} strides, got {}", shape.rank(),
        strides.size());
  auto view = std::allocate_shared<Impl>(NodeAllocator<Impl>());
  view->storage = impl().storage;
  view->shape = shape;
  std::copy(strides.begin(), strides.end(), view->strides.begin());
  view->offset = impl().offset + offset;
  view->dtype = dtype();
  return Tensor(std::move(view));
}

Tensor& Tensor::set_requires_grad(bool value) {
  check(!value || dtype() == DType::f32, "[requires_grad] expected f32, got {}", name_of(dtype()));
  impl().requires_grad = value;
  return *this;
}

Tensor Tensor::grad() const {
  return Tensor(impl().grad);
}

void Tensor::set_grad(const Tensor& grad) const {
  check(grad.shape() == shape() && grad.dtype() == dtype(), "[grad] expected {} {}, got {} {}", name_of(dtype()),
        shape(), name_of(grad.dtype()), grad.shape());
  impl().grad = grad.impl_;
}

void Tensor::clear_grad() const {
  impl().grad.reset();
}

void Tensor::set_node(std::shared_ptr<Node> node) {
  impl().node = std::move(node);
}

void Tensor::check_dtype(DType expected) const {
  check(dtype() == expected, "[tensor] expected {} elements, got {} of shape {}", name_of(expected), name_of(dtype()),
        shape());
}

void Tensor::copy_to_contiguous(void* destination) const {
  if (elements() == 0) {
    return;  // the destination may be null, which memcpy forbids even for no bytes
  }
  if (is_contiguous()) {
    std::memcpy(destination, raw_data(), bytes());
  } else {
    copy_elements(static_cast<const std::byte*>(raw_data()), shape(), impl().strides, 0, size_of(dtype()),
                  static_cast<std::byte*>(destination));
  }
}

}  // namespace octet
