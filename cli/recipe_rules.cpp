#include "cli/recipe_rules.h"

#include <algorithm>
#include <map>

#include "base/lower_case.h"
#include "base/nearest.h"
#include "base/text_columns.h"
#include "cli/low_rank_rule.h"
#include "eval/experiments/outlier_lab.h"
#include "nn/gpt.h"
#include "quant/glob.h"
#include "quant/transforms/rotate.h"
#include "quant/transforms/transform.h"

namespace octet {
namespace {

/// The dotted paths of the layers with a matrix that the recipe meets: those of any model with as many layers, for
/// example the smallest. A rotation gives the model a head of its own.
std::vector<std::string> matrix_paths(const GptConfig& shape, const Recipe& recipe) {
  GptConfig smallest = shape;
  smallest.tied_head = smallest.tied_head && !recipe.unties_head();
  smallest.rotations = {};
  smallest.vocabulary = 2;
  smallest.context = 1;
  smallest.heads = 1;
  smallest.kv_heads = 0;
  smallest.width = 2;
  smallest.hidden = 1;
  Gpt model(smallest);
  std::vector<std::string> paths;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (dynamic_cast<Linear*>(&slot.module()) != nullptr || dynamic_cast<Embedding*>(&slot.module()) != nullptr) {
      paths.push_back(path);
    }
  });
  return paths;
}

struct KeyedPattern {
  std::string key, pattern;
};

/// Of keep_fp32 and keep_fp16: "KEY.0", "KEY.1" and so on.
std::vector<KeyedPattern> numbered(const std::string& key, const std::vector<std::string>& patterns) {
  std::vector<KeyedPattern> result;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    result.push_back({fmt::format("{}.{}", key, i), patterns[i]});
  }
  return result;
}

std::vector<KeyedPattern> numbered(const std::string& key, const std::vector<LayerScheme>& layers) {
  std::vector<KeyedPattern> result;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    result.push_back({fmt::format("{}.{}.match", key, i), layers[i].match});
  }
  return result;
}

void check_patterns(const std::vector<KeyedPattern>& patterns, const std::vector<std::string>& paths,
                    Problems& problems) {
  constexpr int kSuggested = 8;  // of a list that is wrong throughout, more help nobody and take time
  constexpr std::size_t kShown = 100;
  int wrong = 0;
  for (const KeyedPattern& entry : patterns) {
    const bool matches = std::any_of(paths.begin(), paths.end(),
                                     [&](const std::string& path) { return names_layer(entry.pattern, path); });
    if (matches) {
      continue;
    }
    const std::string nearest =
        ++wrong > kSuggested ? "" : "; the nearest is " + nearest_names(entry.pattern, paths, 1).front();
    problems.add(entry.key, "the pattern \"{}\" matches no layer{}", shortened(entry.pattern, kShown), nearest);
  }
}

/// A model whose heads do not divide its width has a problem of its own.
void check_rotation(const GptConfig& model, const RotateConfig& rotate, const std::string& key, Problems& problems) {
  if (model.heads < 1 || model.width % model.heads != 0) {
    return;
  }
  try {
    check_rotatable(model, rotate);
  } catch (const Error& error) {
    problems.add(key, "{}", error.what());
  }
}

}  // namespace

void check_recipe_names(const std::vector<Recipe>& recipes, Problems& problems) {
  std::map<std::string, std::string> taken = {{"fp32", "fp32, the trained model"}};
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    const std::string& name = recipes[i].name;
    const auto [other, is_new] = taken.emplace(lower_case(file_name_for(name)), fmt::format("\"{}\"", name));
    if (!is_new) {
      problems.add(fmt::format("quantize.{}.name", i),
                   "expected recipes of different names, also where case does not count, got \"{}\" beside {}", name,
                   other->second);
    }
  }
}

void check_scheme_names(const std::vector<Recipe>& recipes, const OutlierLabConfig& lab, Problems& problems) {
  const std::vector<std::string> simulated = lab.simulated ? simulated_scheme_names() : std::vector<std::string>();
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    if (std::find(simulated.begin(), simulated.end(), recipes[i].name) != simulated.end()) {
      problems.add(fmt::format("quantize.{}.name", i),
                   "expected a name that no simulated scheme of eval.outlier_lab has, got \"{}\"", recipes[i].name);
    }
  }
}

void check_recipes(const RunConfig& config, Problems& problems) {
  for (std::size_t i = 0; i < config.quantize.size(); ++i) {
    const Recipe& recipe = config.quantize[i];
    if (rotates(recipe)) {
      check_rotation(config.model, recipe.rotate, fmt::format("quantize.{}.transforms", i), problems);
    }
    if (recipe.calibration.context > config.model.context) {
      problems.add(fmt::format("quantize.{}.calibration.context", i),
                   "expected at most the model's context of {}, got {}", config.model.context,
                   recipe.calibration.context);
    }
    if (recipe.keep_fp32.empty() && recipe.keep_fp16.empty() && recipe.layers.empty() && !recipe.needs_inputs()) {
      continue;
    }
    const std::vector<std::string> paths = matrix_paths(config.model, recipe);
    check_low_rank(config.model, recipe, paths, fmt::format("quantize.{}", i), problems);
    const std::string key = fmt::format("quantize.{}.", i);
    check_patterns(numbered(key + "keep_fp32", recipe.keep_fp32), paths, problems);
    check_patterns(numbered(key + "keep_fp16", recipe.keep_fp16), paths, problems);
    check_patterns(numbered(key + "layers", recipe.layers), paths, problems);
  }
}

}  // namespace octet
