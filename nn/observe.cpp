#include "nn/observe.h"

#include <utility>
#include <vector>

#include "tensor/autograd/node.h"

namespace octet {
namespace {

using Observer = std::function<void(const Tensor& x)>;

/// Observers on all layers of a model for as long as it lives.
class ObserverScope {
 public:
  ObserverScope(Module& model, const std::function<void(const std::string&, const Tensor&)>& on_input) {
    model.for_each_child([&](const std::string& path, ChildSlot& slot) {
      if (Observer* observer = observer_of(slot.module())) {
        saved_.emplace_back(observer,
                            std::exchange(*observer, [path, &on_input](const Tensor& x) { on_input(path, x); }));
      }
    });
  }
  ~ObserverScope() {
    for (auto& [observer, before] : saved_) {
      *observer = std::move(before);
    }
  }
  ObserverScope(const ObserverScope&) = delete;
  ObserverScope& operator=(const ObserverScope&) = delete;

 private:
  static Observer* observer_of(Module& module) {
    if (auto* linear = dynamic_cast<LinearBase*>(&module)) {
      return &linear->observer;
    }
    if (auto* embedding = dynamic_cast<EmbeddingBase*>(&module)) {
      return &embedding->observer;
    }
    return nullptr;
  }

  std::vector<std::pair<Observer*, Observer>> saved_;
};

}  // namespace

void observe_inputs(Gpt& model, std::span<const Tensor> batches,
                    const std::function<void(const std::string& path, const Tensor& x)>& on_input) {
  observe_inputs(
      model, [&](const std::string& path, const Tensor& x) { on_input(path, x.to(DeviceKind::cpu)); },
      [&] {
        for (const Tensor& ids : batches) {
          model.forward(ids);
        }
      });
}

void observe_inputs(Module& module, const std::function<void(const std::string& path, const Tensor& x)>& on_input,
                    const std::function<void()>& run) {
  const NoGrad no_grad;
  const ObserverScope scope(module, on_input);
  run();
}

}  // namespace octet
