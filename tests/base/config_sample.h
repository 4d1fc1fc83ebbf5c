#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config/config.h"
#include "base/error.h"
#include "tests/support/error_of.h"

namespace octet::config_sample {

enum class Architecture { gpt2, llama };

struct ModelConfig {
  std::int64_t layers = 4;
  std::int64_t width = 192;
  std::int32_t heads = 6;
  double dropout = 0;
  float epsilon = 1e-5f;
  bool tied = true;
  Architecture arch = Architecture::llama;

  template <class V>
  void visit(V& v) {
    v("layers", layers, at_least(1));
    v("width", width, positive());
    v("heads", heads, in_range(1, 64));
    v("dropout", dropout, in_range(0, 1));
    v("epsilon", epsilon);
    v("tied", tied);
    v("arch", arch);
  }

  void validate(Problems& problems) const {
    if (width % heads != 0) {
      problems.add("heads", "expected a divisor of the width {}, got {}", width, heads);
    }
    if (layers > width) problems.add("", "more layers than columns");
  }
};

struct Recipe {
  std::string name;
  std::int32_t bits = 8;
  std::optional<std::int64_t> group;

  template <class V>
  void visit(V& v) {
    v("name", name, required());
    v("bits", bits, one_of(2, 3, 4, 8));
    v("group", group, at_least(8));
  }
};

struct RunConfig {
  std::string name = "run";
  std::uint64_t seed = 1;
  std::string optimizer = "adamw";
  double bound = 1;
  ModelConfig model;
  std::vector<Recipe> quantize;
  std::vector<std::string> keep = {"head"};
  std::vector<double> betas = {0.9, 0.95};
  std::optional<ModelConfig> teacher;

  template <class V>
  void visit(V& v) {
    v("name", name, not_empty());
    v("seed", seed);
    v("optimizer", optimizer, one_of("adamw", "muon"));
    v("bound", bound, allow_nonfinite());
    v("model", model);
    v("quantize", quantize);
    v("keep", keep);
    v("betas", betas, in_range(0, 1), not_empty());
    v("teacher", teacher);
  }
};

/// Members whose defaults are not empty, built in C++.
struct Defaults {
  std::vector<Recipe> recipes = {{"", 4, 16}};
  std::optional<Recipe> extra = Recipe{};
  std::vector<ModelConfig> models;

  template <class V>
  void visit(V& v) {
    v("recipes", recipes);
    v("extra", extra);
    v("models", models);
  }
};

/// The message of the configuration error that `action` throws.
template <typename Action>
std::string message_of(const Action& action) {
  return error_of(ErrorKind::config, action);
}

inline RunConfig parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return parse_config<RunConfig>(text, "t.yaml", overrides);
}

inline std::string problem(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return message_of([&] { parse(text, overrides); });
}

}  // namespace octet::config_sample

namespace octet {

template <>
inline constexpr auto enum_names<config_sample::Architecture> = std::to_array<EnumName<config_sample::Architecture>>(
    {{config_sample::Architecture::gpt2, "gpt2"}, {config_sample::Architecture::llama, "llama"}});

}  // namespace octet
