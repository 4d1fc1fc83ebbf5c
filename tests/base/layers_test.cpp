#include <filesystem>
#include <regex>

#include <gtest/gtest.h>

#include "base/file.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

// Lowest first; a folder may include itself and those before it (docs/architecture.md).
const std::vector<std::string> kFolders = {"base", "tensor", "io", "nn", "quant", "train", "eval", "cli"};

std::size_t level(const std::string& folder) {
  return static_cast<std::size_t>(std::find(kFolders.begin(), kFolders.end(), folder) - kFolders.begin());
}

bool is_source(const fs::path& path) {
  return path.extension() == ".h" || path.extension() == ".cpp" || path.extension() == ".cu";
}

// Kernels of CUDA become tests of themselves where a simulator gives their words a meaning.
bool is_simulator(const fs::path& path, const std::string& folder) {
  return folder == "tests" && path == fs::path(OCTET_SOURCE_DIR) / "tensor/cuda/device.h";
}

TEST(Layers, AFolderIncludesOnlyFoldersBelowIt) {
  const std::regex include("#include \"([a-z]+)/[^\"]+\"");
  int includes = 0;
  for (const std::string& folder : kFolders) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(OCTET_SOURCE_DIR) / folder)) {
      if (!is_source(entry.path())) {
        continue;
      }
      const std::string text = read_text_file(entry.path());
      for (std::sregex_iterator match(text.begin(), text.end(), include), end; match != end; ++match) {
        ++includes;
        EXPECT_TRUE(level((*match)[1]) <= level(folder) || is_simulator(entry.path(), (*match)[1]))
            << entry.path() << " includes " << (*match)[0];
      }
    }
  }
  EXPECT_GT(includes, 100) << "the pattern no longer finds includes";
}

// The library throws; only the command line prints and exits.
TEST(Layers, TheLibraryNeitherPrintsNorExits) {
  const std::regex forbidden("std::cout|std::cerr|\\bprintf\\(|\\bputs\\(|\\bexit\\(|\\babort\\(");
  for (const std::string& folder : kFolders) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(OCTET_SOURCE_DIR) / folder)) {
      if (folder == "cli" || !is_source(entry.path())) {
        continue;
      }
      const std::string text = read_text_file(entry.path());
      std::smatch match;
      EXPECT_FALSE(std::regex_search(text, match, forbidden)) << entry.path() << ": " << match.str();
    }
  }
}

}  // namespace
}  // namespace octet
