#include "nn/layers/module.h"

#include <algorithm>

namespace octet {
namespace {

template <typename T>
bool has_name(const std::vector<T*>& members, const std::string& name) {
  return std::any_of(members.begin(), members.end(), [&](const T* member) { return member->name() == name; });
}

std::string join(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + "." + name;
}

}  // namespace

Parameter::Parameter(Module& owner, std::string name, const Shape& shape)
    : name_(std::move(name)), value_(Tensor::zeros(shape)) {
  check(!has_name(owner.parameters_, name_), "[module] expected parameter names that differ, got \"{}\" twice", name_);
  value_.set_requires_grad(true);
  owner.parameters_.push_back(this);
}

void Parameter::set_value(const Tensor& value) {
  check(value.shape() == value_.shape() && value.dtype() == value_.dtype(),
        "[parameter] expected {} {} for \"{}\", got {} {}", name_of(value_.dtype()), value_.shape(), name_,
        name_of(value.dtype()), value.shape());
  value_.copy_from(value);
}

void Parameter::freeze() {
  value_.set_requires_grad(false);
  value_.clear_grad();
}

void Parameter::to(DeviceKind device) {
  const bool frozen = is_frozen();
  value_ = value_.to(device);
  value_.set_requires_grad(!frozen);
  value_.clear_grad();
}

ChildSlot::ChildSlot(Module& owner, std::string name) : name_(std::move(name)) {
  check(!has_name(owner.children_, name_), "[module] expected child names that differ, got \"{}\" twice", name_);
  owner.children_.push_back(this);
}

std::vector<Module::NamedParameter> Module::parameters() {
  std::vector<NamedParameter> result;
  const auto append = [&](const std::string& path, const Module& module) {
    for (Parameter* parameter : module.parameters_) {
      result.push_back({join(path, parameter->name()), parameter});
    }
  };
  append("", *this);
  for_each_child([&](const std::string& path, ChildSlot& slot) { append(path, slot.module()); });
  return result;
}

std::vector<Module::NamedParameter> Module::trainable_parameters() {
  std::vector<NamedParameter> all = parameters();
  std::erase_if(all, [](const NamedParameter& named) { return named.parameter->is_frozen(); });
  return all;
}

std::int64_t Module::parameter_count() {
  std::int64_t count = 0;
  for (const NamedParameter& named : parameters()) {
    count += named.parameter->value().elements();
  }
  return count;
}

void Module::clear_gradients() {
  for (const NamedParameter& named : parameters()) {
    named.parameter->value().clear_grad();
  }
}

void Module::to(DeviceKind device) {
  device_ = device;
  for (Parameter* parameter : parameters_) {
    parameter->to(device);
  }
  move_state(device);
  for (const ChildSlot* slot : children_) {
    slot->module().to(device);
  }
}

void Module::for_each_child(const std::function<void(const std::string&, ChildSlot&)>& visit) {
  for (ChildSlot* slot : children_) {
    visit(slot->name(), *slot);
    slot->module().for_each_child(
        [&](const std::string& path, ChildSlot& below) { visit(join(slot->name(), path), below); });
  }
}

}  // namespace octet
