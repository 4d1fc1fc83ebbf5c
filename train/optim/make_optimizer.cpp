#include "train/optim/make_optimizer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace octet {
namespace {

/// Several optimizers, each with parameters of its own.
class CombinedOptimizer final : public Optimizer {
 public:
  explicit CombinedOptimizer(std::vector<std::unique_ptr<Optimizer>> parts) : parts_(std::move(parts)) {}

  void step(const OptimizerStep& step) override {
    for (const auto& part : parts_) {
      part->step(step);
    }
  }

  std::vector<NamedTensor> state() const override {
    std::vector<NamedTensor> all;
    for (const auto& part : parts_) {
      std::ranges::move(part->state(), std::back_inserter(all));
    }
    return all;
  }

 private:
  std::vector<std::unique_ptr<Optimizer>> parts_;
};

}  // namespace

bool is_hidden_matrix(const Module::NamedParameter& entry) {
  return entry.parameter->value().rank() == 2 && entry.path.starts_with("blocks.");
}

std::unique_ptr<Optimizer> make_optimizer(Module& model, const OptimizerConfig& config) {
  std::vector<Module::NamedParameter> hidden;
  std::vector<Module::NamedParameter> rest;
  for (auto& entry : model.trainable_parameters()) {
    const bool by_muon = config.kind == OptimizerKind::muon && is_hidden_matrix(entry);
    (by_muon ? hidden : rest).push_back(std::move(entry));
  }
  std::vector<std::unique_ptr<Optimizer>> parts;
  parts.push_back(std::make_unique<AdamW>(std::move(rest), config.adamw));
  if (!hidden.empty()) {
    parts.push_back(std::make_unique<Muon>(std::move(hidden), config.muon));
  }
  return std::make_unique<CombinedOptimizer>(std::move(parts));
}

}  // namespace octet
