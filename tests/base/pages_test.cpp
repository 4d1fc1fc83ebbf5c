#include <filesystem>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "base/files/read_file.h"

namespace octet::pages_test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = OCTET_SOURCE_DIR;
const std::set<std::string> kFolders = {"base", "text",  "tensor", "io",      "nn",   "quant",   "train", "eval",
                                        "cli",  "tests", "bench",  "scripts", "docs", "configs", "cmake", "examples"};
const char* const kWrittenOnAGpu = "`docs/results/gpu.md`";

// `nn/gpt.h` in a page is a file of the tree. Names with placeholders (NAME_fuzz.cpp, *.h, {h,cpp}) are left out.
TEST(Pages, EveryPathInThemExists) {
  std::vector<fs::path> pages = {kRoot / "README.md", kRoot / "CONTRIBUTING.md"};
  for (const auto& entry : fs::directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  }
  const std::regex quoted("`([a-z]+)(/[a-z0-9_./-]+)`");
  int paths = 0;
  for (const fs::path& page : pages) {
    const std::string text = read_text_file(page);
    for (std::sregex_iterator match(text.begin(), text.end(), quoted), end; match != end; ++match) {
      if (!kFolders.contains((*match)[1]) || (*match)[0] == kWrittenOnAGpu) continue;
      ++paths;
      EXPECT_TRUE(fs::exists(kRoot / ((*match)[1].str() + (*match)[2].str()))) << page << " names " << (*match)[0];
    }
  }
  EXPECT_GT(paths, 100) << "the pattern no longer finds paths";
}

}  // namespace
}  // namespace octet::pages_test
