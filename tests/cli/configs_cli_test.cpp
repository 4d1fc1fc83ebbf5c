#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/cli_sample.h"

namespace octet::sample {
namespace {

/// The first three cells of each row `| key | default | accepted | meaning |` of the manual, and the meanings.
struct Manual {
  std::vector<std::string> rows, meanings;
};

Manual read_manual() {
  Manual manual;
  std::istringstream lines(read_text_file(std::string(OCTET_SOURCE_DIR) + "/docs/configuration.md"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    const std::size_t last = line.rfind(" | ", line.size() - 3);
    manual.rows.push_back(line.substr(0, last));
    manual.meanings.push_back(line.substr(last + 3, line.size() - last - 5));
  }
  return manual;
}

TEST(Configs, TheManualNamesEveryKeyWithItsDefaultAndRange) {
  const Workplace place;
  const auto keys = nlohmann::json::parse(place.octet({"configs", "keys", "--json"}).out);
  std::vector<std::string> expected;
  for (const auto& key : keys) {
    const std::string fallback = key.at("default");
    expected.push_back("| `" + key.at("key").get<std::string>() + "` | " +
                       (fallback.empty() ? "(required)" : "`" + fallback + "`") + " | " +
                       key.at("accepted").get<std::string>());
  }
  const Manual manual = read_manual();
  EXPECT_GT(expected.size(), 70u);
  EXPECT_THAT(manual.rows, testing::ElementsAreArray(expected));
  EXPECT_THAT(manual.meanings, testing::Each(testing::Not(testing::IsEmpty())));
}

TEST(Configs, KeysAreATableForPeople) {
  const Workplace place;
  const std::string text = place.octet({"configs", "keys"}).out;
  EXPECT_THAT(text, testing::StartsWith("key "));
  EXPECT_THAT(text, testing::ContainsRegex("\ncorpus.path +\\(required\\) +a text that is not empty\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nquantize\\[\\].bits +8 +a number from 1 to 8\n"));
}

}  // namespace
}  // namespace octet::sample
