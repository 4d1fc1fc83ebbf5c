#include "tensor/tensor.h"

#include "tensor/autograd/node.h"
#include "tensor/backend.h"
#include "tensor/handle_cache.h"

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

using Copy = void (*)(void* to, const void* from, std::size_t bytes);

struct Strided {
  std::byte* data;
  Strides strides;  // in elements

  Strided at(std::int64_t index, int dim, std::size_t size) const {
    return {data + index * strides[static_cast<std::size_t>(dim)] * static_cast<std::int64_t>(size), strides};
  }
};

// Copies the elements below dimension `dim`, in the longest runs that both sides have.
void copy_elements(Copy copy, const Strided& from, const Strided& to, const Shape& shape, int dim, std::size_t size) {
  if (dim == shape.rank()) {
    copy(to.data, from.data, size);
    return;
  }
  const auto last = static_cast<std::size_t>(dim);
  if (dim == shape.rank() - 1 && from.strides[last] == 1 && to.strides[last] == 1) {
    copy(to.data, from.data, static_cast<std::size_t>(shape[dim]) * size);
    return;
  }
  for (std::int64_t i = 0; i < shape[dim]; ++i) {
    copy_elements(copy, from.at(i, dim, size), to.at(i, dim, size), shape, dim + 1, size);
  }
}

}  // namespace

Tensor Tensor::empty(const Shape& shape, DType dtype, DeviceKind device) {
  auto impl = std::allocate_shared<Impl>(HandleAllocator<Impl>());
  impl->storage = std::allocate_shared<Storage>(HandleAllocator<Storage>(),
                                                static_cast<std::size_t>(shape.elements()) * size_of(dtype), device);
  impl->shape = shape;
  impl->strides = row_major(shape);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

Tensor Tensor::zeros(const Shape& shape, DType dtype, DeviceKind device) {
  Tensor result = empty(shape, dtype, device);
  memory(device).zero(result.raw_data(), result.bytes());
  return result;
}

Tensor Tensor::full(const Shape& shape, float value, DeviceKind device) {
  Tensor result = empty(shape, DType::f32, device);
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
  float value = 0;
  check_dtype(DType::f32);
  copy_to(&value, DeviceKind::cpu, row_major(shape()));
  return value;
}

std::vector<float> Tensor::to_vector() const {
  check_dtype(DType::f32);
  std::vector<float> values(static_cast<std::size_t>(elements()));
  copy_to(values.data(), DeviceKind::cpu, row_major(shape()));
  return values;
}

Tensor Tensor::clone() const {
  Tensor result = empty(shape(), dtype(), device());
  copy_to(result.raw_data(), device(), row_major(shape()));
  return result;
}

Tensor Tensor::to(DeviceKind device) const {
  if (device == this->device()) {
    return *this;
  }
  Tensor result = empty(shape(), dtype(), device);
  copy_to(result.raw_data(), device, row_major(shape()));
  return result;
}

Tensor Tensor::detach() const {
  return alias(shape(), strides(), 0);
}

void Tensor::copy_from(const Tensor& source) {
  check(shape() == source.shape() && dtype() == source.dtype(), "[copy_from] expected {} {}, got {} {}",
        name_of(dtype()), shape(), name_of(source.dtype()), source.shape());
  source.copy_to(raw_data(), device(), impl().strides);
}

void Tensor::fill(float value) {
  check(is_contiguous(), "[fill] expected contiguous data, got a view of shape {}", shape());
  if (device() == DeviceKind::cpu) {
    std::fill_n(data<float>(), elements(), value);
  } else {
    copy_from(full(shape(), value));
  }
}

Tensor Tensor::alias(const Shape& shape, std::span<const std::int64_t> strides, std::int64_t offset) const {
  check(static_cast<int>(strides.size()) == shape.rank(), "[alias] expected {} strides, got {}", shape.rank(),
        strides.size());
  auto view = std::allocate_shared<Impl>(HandleAllocator<Impl>());
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

void Tensor::copy_to(void* destination, DeviceKind to, const std::array<std::int64_t, Shape::kMaxRank>& strides) const {
  const Copy copy = to == device()          ? memory(to).copy
                    : to == DeviceKind::cpu ? memory(device()).to_host
                                            : memory(to).from_host;
  if (is_contiguous() && strides == row_major(shape())) {
    copy(destination, raw_data(), bytes());
    return;
  }
  copy_elements(copy, {static_cast<std::byte*>(raw_data()), impl().strides},
                {static_cast<std::byte*>(destination), strides}, shape(), 0, size_of(dtype()));
}

}  // namespace octet
