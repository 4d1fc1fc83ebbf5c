#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace octet {

/// Computes the gradients of an operation's inputs from that of its output, in the order of the inputs. An input that
/// needs no gradient may get an undefined tensor. The closure keeps only what it reads, and never its own output handle
/// (that would be an ownership cycle): an operation that needs the output's value captures `output.detach()`.
using Backward = std::function<std::vector<Tensor>(const Tensor& grad_output)>;

/// One recorded operation: the edge from an output to its inputs.
struct Node {
  const char* name;
  std::vector<Tensor> inputs;
  Backward backward;

  ~Node();  // iterative: a chain of 100,000 operations must not overflow the stack
};

namespace detail {
bool needs_history(std::span<const Tensor> inputs);
Tensor with_history(const char* name, std::span<const Tensor> inputs, Tensor output, Backward backward);
}  // namespace detail

/// Attaches history to `output` where gradients are enabled and an input requires one; returns `output`. Inputs may be
/// undefined. The only way to make a node. Where there is nothing to record, nothing is allocated: `backward` becomes a
/// Backward only after the check. The last lines of an operation y = 2 x:
///
///     return record("twice", {x}, y, [](const Tensor& dy) {
///       return std::vector<Tensor>{scale(dy, 2.0F)};  // the gradients of the inputs, in their order
///     });
template <typename Function>
Tensor record(const char* name, std::span<const Tensor> inputs, Tensor output, Function&& backward) {
  return detail::needs_history(inputs)
             ? detail::with_history(name, inputs, std::move(output), std::forward<Function>(backward))
             : output;
}
template <typename Function>
Tensor record(const char* name, std::initializer_list<Tensor> inputs, Tensor output, Function&& backward) {
  return record(name, std::span<const Tensor>(inputs.begin(), inputs.size()), std::move(output),
                std::forward<Function>(backward));
}

/// Accumulates d(output)/d(leaf) into `grad()` of every leaf that requires it; `seed` defaults to ones. Frees what the
/// graph saved: a second call on the same graph is an error.
///
///     Tensor w = Tensor::full({3}, 2.0F);
///     w.set_requires_grad(true);
///     backward(sum(mul(w, w)));           // w.grad() is now (4, 4, 4)
///     w.clear_grad();                     // else the next backward() adds to it
///
/// Runs on the calling thread. Two threads may go backward at once if their graphs share no operation, and no
/// leaf that requires a gradient.
void backward(const Tensor& output, const Tensor& seed = {});

/// True unless a NoGrad is alive on this thread.
bool grad_enabled();

/// While it lives, operations on this thread record nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool previous_;
};

/// The recorded graph below `output` in DOT form, one line per operation and edge.
std::string dump_graph(const Tensor& output);

}  // namespace octet
