#include "tensor/autograd/node.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tensor/ops/elementwise.h"

namespace octet {
namespace {

thread_local bool recording = true;

// Operations below `root`, every one after all that consume its result.
std::vector<Node*> topological_order(Node* root) {
  std::vector<Node*> finished;
  std::unordered_set<Node*> seen{root};
  std::vector<std::pair<Node*, std::size_t>> path{{root, 0}};  // node, next input to visit
  while (!path.empty()) {
    auto& [node, next] = path.back();
    if (next == node->inputs.size()) {
      finished.push_back(node);
      path.pop_back();
      continue;
    }
    const Tensor& input = node->inputs[next++];
    if (input.defined() && input.node() && seen.insert(input.node().get()).second) {
      path.emplace_back(input.node().get(), 0);
    }
  }
  return {finished.rbegin(), finished.rend()};
}

void check_gradient(const Node& node, std::size_t index, const Tensor& gradient) {
  const Tensor& input = node.inputs[index];
  check(gradient.shape() == input.shape() && gradient.dtype() == input.dtype(),
        "[backward] {}: expected a gradient of input {} of {} {}, got {} {}", node.name, index, name_of(input.dtype()),
        input.shape(), name_of(gradient.dtype()), gradient.shape());
  check(gradient.device() == input.device(), "[backward] {}: expected a gradient of input {} on {}, got one on {}",
        node.name, index, name_of(input.device()), name_of(gradient.device()));
}

Tensor sum_of(const Tensor& so_far, const Tensor& more) {
  return so_far.defined() ? add(so_far, more) : more;
}

}  // namespace

Node::~Node() {
  // Take over the histories that only this node keeps alive, so that their destructors find nothing to recurse into.
  std::vector<std::shared_ptr<Node>> doomed;
  const auto take = [&doomed](Node& node) {
    node.backward = nullptr;
    for (const Tensor& input : node.inputs) {
      if (input.defined() && input.node()) {
        doomed.push_back(input.node());
      }
    }
    node.inputs.clear();
  };
  take(*this);
  while (!doomed.empty()) {
    const std::shared_ptr<Node> node = std::move(doomed.back());
    doomed.pop_back();
    if (node.use_count() == 1) {
      take(*node);
    }
  }
}

bool detail::needs_history(std::span<const Tensor> inputs) {
  return recording && std::any_of(inputs.begin(), inputs.end(), [](const Tensor& x) { return x.requires_grad(); });
}

Tensor detail::with_history(const char* name, std::span<const Tensor> inputs, Tensor output, Backward backward) {
  output.set_node(std::make_shared<Node>(Node{name, {inputs.begin(), inputs.end()}, std::move(backward)}));
  return output;
}

void backward(const Tensor& output, const Tensor& seed) {
  check(output.node() != nullptr, "[backward] expected the result of recorded operations, got a tensor of shape {}",
        output.shape());
  if (seed.defined()) {
    check(seed.shape() == output.shape(), "[backward] expected a seed of shape {}, got {}", output.shape(),
          seed.shape());
  }

  const NoGrad no_grad;
  Node* const root = output.node().get();
  std::unordered_map<Node*, Tensor> gradients;  // of each operation's output, summed over its consumers
  gradients[root] = seed.defined() ? seed : Tensor::full(output.shape(), 1.0F, output.device());

  for (Node* node : topological_order(root)) {
    check(node->backward != nullptr, "[backward] {}: an earlier backward() has already used this graph", node->name);
    const Tensor grad_output = std::move(gradients[node]);
    gradients.erase(node);
    if (!grad_output.defined()) {
      continue;  // no consumer passed a gradient on
    }
    const std::vector<Tensor> grads = node->backward(grad_output);
    node->backward = nullptr;  // releases what it saved
    check(grads.size() == node->inputs.size(), "[backward] {}: expected {} gradients, got {}", node->name,
          node->inputs.size(), grads.size());
    for (std::size_t i = 0; i < grads.size(); ++i) {
      const Tensor& input = node->inputs[i];
      if (!grads[i].defined() || !input.requires_grad()) {
        continue;
      }
      check_gradient(*node, i, grads[i]);
      if (input.node()) {
        Tensor& slot = gradients[input.node().get()];
        slot = sum_of(slot, grads[i]);
      } else {
        input.set_grad(sum_of(input.grad(), grads[i]));
      }
    }
  }
}

bool grad_enabled() {
  return recording;
}

NoGrad::NoGrad() : previous_(recording) {
  recording = false;
}
NoGrad::~NoGrad() {
  recording = previous_;
}

std::string dump_graph(const Tensor& output) {
  std::string text = "digraph octet {\n";
  std::unordered_map<const Node*, std::size_t> number;
  const std::vector<Node*> order = output.node() ? topological_order(output.node().get()) : std::vector<Node*>{};
  for (const Node* node : order) {
    number.emplace(node, number.size());
    text += fmt::format("  n{} [label=\"{}\"]\n", number[node], node->name);
  }
  for (const Node* node : order) {
    for (const Tensor& input : node->inputs) {
      if (input.defined() && input.node()) {
        text += fmt::format("  n{} -> n{} [label=\"{}\"]\n", number[input.node().get()], number[node], input.shape());
      }
    }
  }
  return text + "}\n";
}

}  // namespace octet
