#include <nlohmann/json.hpp>
#include <vector>

#include "cli/run_config.h"
#include "tests/fuzz/fuzz.h"

namespace octet::fuzz {
namespace {

constexpr std::string_view kOverrideMark = "#! ";

/// Lines `#! train.steps=3` of the input are overrides; in the YAML text they are comments.
std::vector<std::string> overrides_in(std::string_view text) {
  std::vector<std::string> overrides;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(kOverrideMark)) {
      overrides.emplace_back(line.substr(kOverrideMark.size()));
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return overrides;
}

}  // namespace
}  // namespace octet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const std::string text(fuzz::as_text(data, size));
  const auto config =
      fuzz::accepted([&] { return parse_config<RunConfig>(text, "fuzz.yaml", fuzz::overrides_in(text)); });
  if (config) {
    const auto from_yaml = parse_config<RunConfig>(to_yaml(*config), "written.yaml");
    fuzz::promise(differences(from_yaml, *config).empty(), "YAML that was written reads back to an equal value");
    const auto from_text = parse_config<RunConfig>(to_json(*config).dump(), "written.json");
    fuzz::promise(differences(from_text, *config).empty(), "JSON that was written reads back to an equal value");
    for (const Recipe& recipe : config->quantize) {
      recipe.describe();
    }
  }
  return 0;
}
