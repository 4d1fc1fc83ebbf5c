#include "base/config/keys.h"
#include "tests/base/config_sample.h"

namespace octet::config_keys_test {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(const std::vector<ConfigKey>& keys) {
  std::vector<std::string> list;
  for (const ConfigKey& key : keys) {
    list.push_back(key.path + ": " + key.fallback + ": " + key.accepted);
  }
  return list;
}

const char* const kModelKeys[] = {
    "layers: 4: an integer of at least 1", "width: 192: an integer above 0", "heads: 6: an integer from 1 to 64",
    "dropout: 0: a number from 0 to 1",    "epsilon: 1e-05: a number",       "tied: true: true or false",
    "arch: llama: one of gpt2, llama"};

TEST(ConfigKeys, OfOneStruct) {
  EXPECT_THAT(texts(config_keys<config_sample::ModelConfig>()), testing::ElementsAreArray(kModelKeys));
}

TEST(ConfigKeys, BelowMapsListsAndOptionals) {
  std::vector<std::string> expected = {"name: run: a text that is not empty", "seed: 1: an integer of at least 0",
                                       "optimizer: adamw: one of adamw, muon", "bound: 1: a number"};
  for (const char* key : kModelKeys) expected.push_back(std::string("model.") + key);
  expected.insert(
      expected.end(),
      {"quantize: []: a list of maps with the keys below", "quantize[].name: : a text",
       "quantize[].bits: 8: one of 2, 3, 4, 8", "quantize[].group: null: an integer of at least 8 or null",
       "keep: [head]: a list, each a text", "betas: [0.9, 0.95]: a list that is not empty, each a number from 0 to 1",
       "teacher: null: null or a map with the keys below"});
  for (const char* key : kModelKeys) expected.push_back(std::string("teacher.") + key);
  EXPECT_THAT(texts(config_keys<config_sample::RunConfig>()), testing::ElementsAreArray(expected));
}

TEST(ConfigKeys, DefaultsOfListsAndOptionalsThatAreNotEmpty) {
  const std::vector<std::string> found = texts(config_keys<config_sample::Defaults>());
  EXPECT_THAT(found, testing::Contains("recipes: [{...}]: a list of maps with the keys below"));
  EXPECT_THAT(found, testing::Contains("extra: {...}: null or a map with the keys below"));
}

}  // namespace
}  // namespace octet::config_keys_test
