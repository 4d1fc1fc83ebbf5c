#include "train/optim/make_optimizer.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/gpt.h"

namespace octet::make_optimizer_test {
namespace {

using testing::ElementsAre;

/// The rules that hold state for a parameter, by parameter.
std::map<std::string, std::vector<std::string>> rules_by_parameter(Module& model, const OptimizerConfig& config) {
  std::map<std::string, std::vector<std::string>> rules;
  for (const auto& entry : model.parameters()) {
    rules[entry.path];
  }
  for (const NamedTensor& entry : make_optimizer(model, config)->state()) {
    for (const std::string rule : {"adamw.first.", "muon.momentum."}) {
      if (entry.name.starts_with(rule)) {
        rules.at(entry.name.substr(rule.size())).push_back(rule);
      }
    }
  }
  return rules;
}

GptConfig small(Architecture architecture, bool tied_head) {
  GptConfig config;
  config.architecture = architecture;
  config.vocabulary = 257;
  config.context = 8;
  config.width = 16;
  config.layers = 2;
  config.heads = 2;
  config.hidden = 24;
  config.tied_head = tied_head;
  return config;
}

TEST(MakeOptimizer, EveryParameterHasExactlyOneRule) {
  for (const auto architecture : {Architecture::gpt2, Architecture::llama}) {
    for (const auto kind : {OptimizerKind::muon, OptimizerKind::adamw}) {
      Gpt model(small(architecture, false));
      OptimizerConfig config;
      config.kind = kind;
      for (const auto& [path, rules] : rules_by_parameter(model, config)) {
        const bool hidden = path.starts_with("blocks.") && path.ends_with(".weight");
        EXPECT_THAT(rules, ElementsAre(kind == OptimizerKind::muon && hidden ? "muon.momentum." : "adamw.first."))
            << path;
      }
    }
  }
}

TEST(MakeOptimizer, DecaysWeightsOfLinearLayersAlone) {
  for (const auto architecture : {Architecture::gpt2, Architecture::llama}) {
    Gpt model(small(architecture, false));
    for (const auto& entry : model.parameters()) {
      const bool linear =
          entry.path == "head.weight" || (entry.path.starts_with("blocks.") && entry.path.ends_with(".weight"));
      EXPECT_EQ(takes_weight_decay(entry), linear) << entry.path;
    }
  }
}

}  // namespace
}  // namespace octet::make_optimizer_test
