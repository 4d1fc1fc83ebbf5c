#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"
#include "tensor/storage.h"

namespace octet {

struct Node;  // the operation that made a tensor: tensor/autograd/node.h

/// A value handle on an n-dimensional array. Copies share elements; `clone()` copies them. Row-major; views have
/// strides of their own. No implicit change of dtype or device. Operations are free functions: see tensor/ops/.
///
///     Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
///     Tensor row = slice(x, 0, 1, 2);    // a view: the elements of x
///     row.fill(0.0F);                    // so x is now (1, 2, 3), (0, 0, 0)
///     Tensor other = x.clone();          // elements of its own
///
/// Ownership: elements live as long as the last handle or view on them; a recorded operation holds handles on its
/// inputs. `const` is that of the handle, not of the elements. Threads: handles may be copied and dropped on any
/// thread. Elements and grad() have no lock: one thread writes, or any number read.
class Tensor {
 public:
  Tensor() = default;  ///< undefined: holds nothing, `defined()` is false

  static Tensor empty(const Shape& shape, DType dtype = DType::f32, DeviceKind device = DeviceKind::cpu);
  static Tensor zeros(const Shape& shape, DType dtype = DType::f32, DeviceKind device = DeviceKind::cpu);
  static Tensor full(const Shape& shape, float value, DeviceKind device = DeviceKind::cpu);
  /// Copies `values` (row-major); an error where their number is not that of the shape.
  template <typename T>
  static Tensor from(std::span<const T> values, const Shape& shape);
  template <typename T>
  static Tensor from(const std::vector<T>& values, const Shape& shape) {
    return from(std::span<const T>(values), shape);
  }

  bool defined() const { return impl_ != nullptr; }
  const Shape& shape() const { return impl().shape; }
  std::int64_t dim(int d) const { return impl().shape[d]; }
  int rank() const { return impl().shape.rank(); }
  std::int64_t elements() const { return impl().shape.elements(); }
  std::size_t bytes() const { return static_cast<std::size_t>(elements()) * size_of(dtype()); }
  DType dtype() const { return impl().dtype; }
  DeviceKind device() const { return impl().storage->device(); }
  /// Distance in elements between neighbours along dimension `d`.
  std::int64_t stride(int d) const { return impl().strides[static_cast<std::size_t>(shape().index(d))]; }
  std::span<const std::int64_t> strides() const { return {impl().strides.data(), static_cast<std::size_t>(rank())}; }
  bool is_contiguous() const;

  /// First element, an address of the tensor's device, valid as long as a handle on the elements lives. T must match
  /// the dtype: `data<float>()`, `data<std::int8_t>()`.
  template <typename T>
  T* data() const {
    check_dtype(dtype_of<T>());
    return static_cast<T*>(raw_data());
  }
  void* raw_data() const;
  /// The elements of a contiguous tensor in the memory of the CPU.
  template <typename T>
  std::span<T> span() const {
    check(device() == DeviceKind::cpu, "[tensor] expected data on cpu, got {} of shape {} on {}", name_of(dtype()),
          shape(), name_of(device()));
    check(is_contiguous(), "[tensor] expected contiguous data, got a view of shape {}", shape());
    return {data<T>(), static_cast<std::size_t>(elements())};
  }
  /// The value of a tensor of one element, on any device.
  float item() const;
  std::vector<float> to_vector() const;  ///< row-major copy of an f32 tensor on any device, views included

  Tensor clone() const;                  ///< contiguous copy on the same device, without history
  Tensor to(DeviceKind device) const;    ///< itself where it is there already, else a contiguous copy without history
  Tensor detach() const;                 ///< the same elements, without history
  void copy_from(const Tensor& source);  ///< overwrites the elements, from any device; shape and dtype must match
  void fill(float value);

  /// The same storage seen with another geometry; no history. The base of reshape, transpose and slice in
  /// tensor/ops/view.h.
  Tensor alias(const Shape& shape, std::span<const std::int64_t> strides, std::int64_t offset) const;

  // Autograd (tensor/autograd/).
  bool requires_grad() const { return defined() && (impl_->requires_grad || impl_->node); }
  Tensor& set_requires_grad(bool value);  ///< makes a leaf that collects `grad()`
  Tensor grad() const;                    ///< undefined before backward()
  void set_grad(const Tensor& grad) const;
  void clear_grad() const;
  const std::shared_ptr<Node>& node() const { return impl().node; }
  void set_node(std::shared_ptr<Node> node);
  /// Identity of the underlying array handle, equal for copies of one handle.
  const void* id() const { return impl_.get(); }

 private:
  struct Impl {
    std::shared_ptr<Storage> storage;
    Shape shape;
    std::array<std::int64_t, Shape::kMaxRank> strides{};
    std::int64_t offset = 0;  // in elements
    DType dtype = DType::f32;
    bool requires_grad = false;
    std::shared_ptr<Node> node;
    std::shared_ptr<Impl> grad;
  };

  explicit Tensor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  Impl& impl() const {
    check(impl_ != nullptr, "[tensor] expected a tensor, got an undefined one");
    return *impl_;
  }
  void check_dtype(DType expected) const;
  void copy_to(void* destination, DeviceKind device, const std::array<std::int64_t, Shape::kMaxRank>& strides) const;

  std::shared_ptr<Impl> impl_;
};

template <typename T>
Tensor Tensor::from(std::span<const T> values, const Shape& shape) {
  check(static_cast<std::int64_t>(values.size()) == shape.elements(),
        "[tensor] expected {} values for shape {}, got {}", shape.elements(), shape, values.size());
  Tensor result = empty(shape, dtype_of<T>());
  std::copy(values.begin(), values.end(), result.data<T>());
  return result;
}

}  // namespace octet
