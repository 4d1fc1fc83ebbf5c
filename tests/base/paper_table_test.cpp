#include <filesystem>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "base/files/read_file.h"

namespace octet::paper_table_test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = OCTET_SOURCE_DIR;

/// The rows of the table "From paper to code" of docs/reading-order.md, without its head.
std::vector<std::string> paper_rows() {
  const std::string page = read_text_file(kRoot / "docs/reading-order.md");
  std::istringstream lines(page.substr(page.find("## From paper to code")));
  std::vector<std::string> rows;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| ") && !line.starts_with("| idea ")) rows.push_back(line);
  }
  return rows;
}

/// Whether `source` declares or defines `name` at the beginning of a line: `Tensor rope(`, `class AdamW`. A call, which
/// is indented, or a word in a comment is neither.
bool declares(const std::string& source, const std::string& name) {
  const std::regex function("(^|\n)[A-Za-z_\\[][^\n;=({/]*[ *&]" + name + "\\(");
  const std::regex type("(^|\n)(class|struct) " + name + "\\b");
  return std::regex_search(source, function) || std::regex_search(source, type);
}

TEST(PaperTable, EveryFileHasTheFunction) {
  const std::regex pair("`([a-z0-9_/]+\\.(?:h|cpp|cu))` `([A-Za-z0-9_:]+)`");
  const std::vector<std::string> rows = paper_rows();
  EXPECT_GT(rows.size(), 30U) << "the pattern no longer finds rows";
  for (const std::string& row : rows) {
    int pairs = 0;
    for (std::sregex_iterator match(row.begin(), row.end(), pair), end; match != end; ++match) {
      const fs::path file = kRoot / (*match)[1].str();
      ASSERT_TRUE(fs::exists(file)) << row;
      EXPECT_TRUE(declares(read_text_file(file), (*match)[2])) << (*match)[1] << " has no " << (*match)[2];
      ++pairs;
    }
    EXPECT_EQ(pairs, 2) << "expected the formula and the code, each a file and a name: " << row;
  }
}

TEST(PaperTable, ACallOrACommentIsNoDeclaration) {
  EXPECT_TRUE(declares("Tensor rope(const Tensor& qkv);\n", "rope"));
  EXPECT_TRUE(declares("}\nvoid AdamW::step(int t) {\n", "AdamW::step"));
  EXPECT_TRUE(declares("class AdamW final {\n", "AdamW"));
  EXPECT_FALSE(declares("  y = rope(qkv);\n", "rope"));
  EXPECT_FALSE(declares("// Tensor rope(qkv)\n", "rope"));
  EXPECT_FALSE(declares("Tensor unrope(const Tensor& qkv);\n", "rope"));
  EXPECT_FALSE(declares("const Tensor y = rope(qkv);\n", "rope"));
}

// What the page promises of the README: the table is one step away, and the equations of AdamW and RoPE the next.
TEST(PaperTable, TheReadmeLeadsToIt) {
  const std::string readme = read_text_file(kRoot / "README.md");
  EXPECT_NE(readme.find("docs/reading-order.md#from-paper-to-code"), std::string::npos);
  EXPECT_NE(read_text_file(kRoot / "train/optim/adamw.h").find("m = beta1 m + (1 - beta1) g"), std::string::npos);
  EXPECT_NE(read_text_file(kRoot / "tensor/ops/rope.h").find("theta^(-2 i / D)"), std::string::npos);
}

}  // namespace
}  // namespace octet::paper_table_test
