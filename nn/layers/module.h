#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace octet {

class Module;

/// A tensor that training changes, unless it is frozen. Registers itself with its module, so that checkpoints and
/// optimizers cannot miss it.
class Parameter {
 public:
  Parameter(Module& owner, std::string name, const Shape& shape);
  Parameter(const Parameter&) = delete;
  Parameter& operator=(const Parameter&) = delete;

  const std::string& name() const { return name_; }
  const Tensor& value() const { return value_; }
  operator const Tensor&() const { return value_; }
  /// Overwrites the elements, from any device; the shape must match.
  void set_value(const Tensor& value);
  /// From now on it gets no gradient, and training leaves it as it is. Its own gradient is dropped.
  void freeze();
  bool is_frozen() const { return !value_.requires_grad(); }
  /// Moves the value; its gradient is dropped, and handles on the old value stay where they are.
  void to(DeviceKind device);

 private:
  std::string name_;
  Tensor value_;
};

/// The untyped part of Child: lets a pass over the model replace what a slot holds.
class ChildSlot {
 public:
  ChildSlot(Module& owner, std::string name);
  virtual ~ChildSlot() = default;
  ChildSlot(const ChildSlot&) = delete;
  ChildSlot& operator=(const ChildSlot&) = delete;

  const std::string& name() const { return name_; }
  virtual Module& module() const = 0;
  /// Puts another module in place and returns the one before; an error where its type does not fit the slot.
  virtual std::unique_ptr<Module> replace(std::unique_ptr<Module> module) = 0;
  /// Gives the two slots each other's modules; an error, and nothing is done, where the slots are of different types.
  virtual void exchange(ChildSlot& other) = 0;

 private:
  std::string name_;
};

/// A network part with named parameters and children. Neither copied nor moved, so registered addresses stay valid.
///
///     struct Gate : Module {
///       Parameter gain{*this, "gain", {64}};                                         // "gain"
///       Child<LinearBase> up{*this, "up", std::make_unique<Linear>(64, 64, false)};  // "up.weight"
///       Tensor operator()(const Tensor& x) { return mul(up(x), gain); }              // x (64)
///     };
///
/// A module owns its parameters and children; what parameters() and for_each_child() hand out is valid as long as the
/// module lives and no slot is replaced. Threads: one at a time, for observers and gradients are part of the module.
class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  struct NamedParameter {
    std::string path;  // "blocks.3.attention.qkv.weight"
    Parameter* parameter;
  };
  /// All parameters below this module with their dotted names, in order of declaration.
  std::vector<NamedParameter> parameters();
  /// Those that are not frozen: what optimizers change, and what has gradients.
  std::vector<NamedParameter> trainable_parameters();
  std::int64_t parameter_count();
  void clear_gradients();
  /// Moves this module and all below it: parameters, and what quantized layers multiply with. Gradients are dropped.
  void to(DeviceKind device);
  DeviceKind device() const { return device_; }

  /// Calls `visit(path, slot)` for every child slot, parents first. The visitor may replace what the slot holds; the
  /// walk then goes on below the replacement.
  void for_each_child(const std::function<void(const std::string& path, ChildSlot& slot)>& visit);

 protected:
  /// What a module keeps on its device beside parameters and children.
  virtual void move_state(DeviceKind) {}

 private:
  friend class Parameter;
  friend class ChildSlot;
  DeviceKind device_ = DeviceKind::cpu;
  std::vector<Parameter*> parameters_;
  std::vector<ChildSlot*> children_;
};

/// An owning slot for a child of type T, often an interface such as LinearBase. Where T can be called, so can the slot:
/// `qkv(x)`.
template <typename T>
class Child : public ChildSlot {
 public:
  Child(Module& owner, std::string name, std::unique_ptr<T> module)
      : ChildSlot(owner, std::move(name)), module_(std::move(module)) {}

  Module& module() const override { return *module_; }
  std::unique_ptr<Module> replace(std::unique_ptr<Module> module) override {
    auto* typed = dynamic_cast<T*>(module.get());
    check(typed != nullptr, "[module] the slot \"{}\" cannot hold a module of this type", name());
    static_cast<void>(module.release());
    return std::exchange(module_, std::unique_ptr<T>(typed));
  }
  void exchange(ChildSlot& other) override {
    auto* typed = dynamic_cast<Child<T>*>(&other);
    check(typed != nullptr, "[module] the slots \"{}\" and \"{}\" hold modules of different types", name(),
          other.name());
    module_.swap(typed->module_);
  }
  template <typename... Arguments>
  decltype(auto) operator()(Arguments&&... arguments) const {
    return (*module_)(std::forward<Arguments>(arguments)...);
  }
  T* operator->() const { return module_.get(); }
  T& operator*() const { return *module_; }

 private:
  std::unique_ptr<T> module_;
};

/// A list of children named 0, 1, 2, ...
template <typename T>
class ChildList : public Module {
 public:
  void append(std::unique_ptr<T> module) {
    slots_.push_back(std::make_unique<Child<T>>(*this, std::to_string(slots_.size()), std::move(module)));
  }
  std::int64_t size() const { return static_cast<std::int64_t>(slots_.size()); }
  T& operator[](std::int64_t i) const { return **slots_[static_cast<std::size_t>(i)]; }

 private:
  std::vector<std::unique_ptr<Child<T>>> slots_;
};

}  // namespace octet
