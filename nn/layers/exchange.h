#pragma once

#include "nn/layers/module.h"

namespace octet {

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
