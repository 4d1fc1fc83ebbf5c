#pragma once

#include <map>
#include <string>

#include "nn/layers/module.h"

namespace octet {

/// All child slots below a module by path: they stay while no slot is replaced.
inline std::map<std::string, ChildSlot*> slots_of(Module& module) {
  std::map<std::string, ChildSlot*> slots;
  module.for_each_child([&](const std::string& path, ChildSlot& slot) { slots.emplace(path, &slot); });
  return slots;
}

/// While it lives, two slots have each other's modules: a layer of one model runs in another one.
///
///     const Exchange exchange(*slots_of(fp32).at(path), *slots_of(quantized).at(path));
///     const double loss = text_loss(fp32, batches);  // with one quantized layer
///
/// Errors: those of ChildSlot::exchange.
class Exchange {
 public:
  Exchange(ChildSlot& a, ChildSlot& b) : a_(a), b_(b) { a_.exchange(b_); }
  ~Exchange() { a_.exchange(b_); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

 private:
  ChildSlot& a_;
  ChildSlot& b_;
};

}  // namespace octet
