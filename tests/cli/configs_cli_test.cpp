#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/cli_sample.h"

namespace octet::sample::configs_cli_test {
namespace {

/// The first three cells of each row `| key | default | accepted | meaning |` of a page from a heading on, and the
/// meanings.
struct Manual {
  std::vector<std::string> rows, meanings;
};

Manual read_manual(const std::string& page, const std::string& heading) {
  Manual manual;
  const std::string text = read_text_file(std::string(OCTET_SOURCE_DIR) + "/docs/" + page);
  std::istringstream lines(text.substr(text.find(heading)));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    const std::size_t last = line.rfind(" | ", line.size() - 3);
    manual.rows.push_back(line.substr(0, last));
    manual.meanings.push_back(line.substr(last + 3, line.size() - last - 5));
  }
  return manual;
}

/// The rows that the keys of a list want.
std::vector<std::string> rows_of(const nlohmann::json& keys) {
  std::vector<std::string> rows;
  for (const auto& key : keys) {
    const std::string fallback = key.at("default");
    rows.push_back("| `" + key.at("key").get<std::string>() + "` | " +
                   (fallback.empty() ? "(required)" : "`" + fallback + "`") + " | " +
                   key.at("accepted").get<std::string>());
  }
  return rows;
}

TEST(Configs, TheManualNamesEveryKeyWithItsDefaultAndRange) {
  const Workplace place;
  const auto expected = rows_of(nlohmann::json::parse(place.octet({"configs", "keys", "--json"}).out));
  const Manual manual = read_manual("configuration.md", "## The run");
  EXPECT_GT(expected.size(), 70u);
  EXPECT_THAT(manual.rows, testing::ElementsAreArray(expected));
  EXPECT_THAT(manual.meanings, testing::Each(testing::Not(testing::IsEmpty())));
}

// The sections that a lab shares with runs stand in the manual of these.
TEST(Configs, ThePageOfTheLabsNamesEveryKeyOfItsOwn) {
  const Workplace place;
  auto keys = nlohmann::json::parse(place.octet({"configs", "keys", "--lab", "--json"}).out);
  std::erase_if(keys.get_ref<nlohmann::json::array_t&>(), [](const nlohmann::json& key) {
    const std::string path = key.at("key");
    return path.starts_with("model") || path.starts_with("train") || path.starts_with("quantize") ||
           path.starts_with("eval");
  });
  const Manual manual = read_manual("labs.md", "### Its configuration");
  EXPECT_GT(keys.size(), 10u);
  EXPECT_THAT(manual.rows, testing::ElementsAreArray(rows_of(keys)));
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
}  // namespace octet::sample::configs_cli_test
