#pragma once

#include <functional>
#include <string>
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

/// Attaches history to `output` where gradients are enabled and an input requires one; returns `output`.
/// The only way to make a node.
Tensor record(const char* name, std::vector<Tensor> inputs, Tensor output, Backward backward);

/// Accumulates d(output)/d(leaf) into `grad()` of every leaf that requires it; `seed` defaults to ones. Frees what the
/// graph saved: a second call on the same graph is an error.
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
