#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>
// After gtest, which it does not include itself.
#include <rapidcheck/gtest.h>

#include "tests/base/config_sample.h"

namespace octet::config_sample::config_property_test {
namespace {

/// Any text of Unicode characters, with the characters that YAML treats specially more often than others.
rc::Gen<std::string> any_text() {
  const auto piece = rc::gen::weightedOneOf<std::string>(
      {{6, rc::gen::map(rc::gen::inRange('a', '{'), [](char c) { return std::string(1, c); })},
       {6, rc::gen::map(rc::gen::inRange<int>(1, 128), [](int c) { return std::string(1, static_cast<char>(c)); })},
       {4, rc::gen::elementOf(std::vector<std::string>{": ", " #", "- ", "\n", "\"", "'", "\\", "~", "null", "true",
                                                       "0", "1e5", "...", "---", "<<", "{", "]", ","})},
       {2, rc::gen::elementOf(std::vector<std::string>{"\u00e9", "\u4e2d", "\U0001F600", "\uFEFF", "\u2028", "\u0085",
                                                       "\u00A0", "\uFFFD", "\U0010FFFD"})}});
  return rc::gen::map(rc::gen::resize(20, rc::gen::container<std::vector<std::string>>(piece)),
                      [](const std::vector<std::string>& pieces) {
                        std::string text;
                        for (const std::string& part : pieces) text += part;
                        return text;
                      });
}

/// Every finite value: from random bits, so that all exponents are as likely.
template <typename Real, typename Bits>
rc::Gen<Real> any_real() {
  return rc::gen::map(rc::gen::arbitrary<Bits>(), [](Bits bits) {
    Real value;
    std::memcpy(&value, &bits, sizeof value);
    return std::isfinite(value) ? value : Real{0.1f};
  });
}

ModelConfig any_model() {
  ModelConfig model;
  model.heads = *rc::gen::inRange(1, 65);
  model.width = model.heads * *rc::gen::inRange<std::int64_t>(1, 1'000'000);
  model.layers = *rc::gen::inRange<std::int64_t>(1, model.width + 1);
  model.dropout = *rc::gen::inRange(0, 1001) / 1000.0;
  model.epsilon = *any_real<float, std::uint32_t>();
  model.tied = *rc::gen::arbitrary<bool>();
  model.arch = *rc::gen::element(Architecture::gpt2, Architecture::llama);
  return model;
}

RunConfig any_config() {
  RunConfig config;
  config.name = *any_text() + "x";
  config.seed = *rc::gen::arbitrary<std::uint64_t>();
  config.bound = *any_real<double, std::uint64_t>();
  config.model = any_model();
  config.quantize.resize(*rc::gen::inRange<std::size_t>(0, 4));
  for (Recipe& recipe : config.quantize) {
    recipe.name = *any_text() + "x";
    recipe.bits = *rc::gen::element(2, 3, 4, 8);
    if (*rc::gen::arbitrary<bool>()) recipe.group = *rc::gen::inRange<std::int64_t>(8, 1 << 20);
  }
  config.keep = *rc::gen::resize(8, rc::gen::container<std::vector<std::string>>(any_text()));
  config.betas = {*rc::gen::inRange(0, 1001) / 1000.0};
  if (*rc::gen::arbitrary<bool>()) config.teacher = any_model();
  return config;
}

RC_GTEST_PROP(ConfigProperty, YamlRoundTrip, ()) {
  const RunConfig config = any_config();
  const std::string yaml = to_yaml(config);
  RC_LOG() << yaml;
  RC_ASSERT(differences(parse(yaml), config) == std::vector<std::string>{});
}

RC_GTEST_PROP(ConfigProperty, JsonRoundTrip, ()) {
  const RunConfig config = any_config();
  const std::string json = to_json(config).dump();
  RC_LOG() << json;
  RC_ASSERT(differences(from_json<RunConfig>(nlohmann::json::parse(json), "c.json"), config) ==
            std::vector<std::string>{});
}

/// Broken input ends in a value or in an Error, never in anything else.
RC_GTEST_PROP(ConfigProperty, DamagedTextsAreRefusedCleanly, ()) {
  std::string text = to_yaml(any_config());
  const int edits = *rc::gen::inRange(1, 6);
  for (int i = 0; i < edits && !text.empty(); ++i) {
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, text.size());
    const std::string piece = *rc::gen::weightedOneOf<std::string>(
        {{3, any_text()},
         {1, rc::gen::map(rc::gen::arbitrary<char>(), [](char c) { return std::string(1, c); })},
         {3, rc::gen::elementOf(std::vector<std::string>{"\t", "&a ", "*a", "? ", "!", "!!str ", "|\n", ">-\n", "%YAML",
                                                         "[", "}", "\r", "@", "`", "\"", "'", "\n- "})}});
    text.replace(at, *rc::gen::inRange<std::size_t>(0, 4), piece);
  }
  RC_LOG() << text;
  try {
    parse(text, {*any_text(), "quantize=" + *any_text(), *any_text() + "=" + *any_text()});
  } catch (const Error& error) {
    RC_ASSERT(error.kind() == ErrorKind::config);
    RC_ASSERT(!std::string(error.what()).empty());
  }
}

}  // namespace
}  // namespace octet::config_sample::config_property_test
