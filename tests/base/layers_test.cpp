#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "base/files/read_file.h"

namespace octet::layers_test {
namespace {

namespace fs = std::filesystem;

// Lowest first; a folder may include itself and those before it (docs/architecture.md).
const std::vector<std::string> kFolders = {"base",  "text",  "tensor", "io",     "nn",
                                           "quant", "train", "eval",   "report", "cli"};

// The rooms of folders that have some: each room with those of the same folder that it may include. "" is the folder
// itself. No two include each other, by whatever way.
using Rooms = std::map<std::string, std::set<std::string>>;
const std::map<std::string, Rooms> kRooms = {
    {"base", {{"", {}}, {"files", {""}}, {"config", {"", "files"}}}},
    {"text", {{"", {}}, {"sources", {}}}},
    {"tensor/cuda",
     {{"runtime", {}},
      {"language", {"runtime"}},
      {"gemm", {"runtime"}},
      {"rows", {"runtime", "language"}},
      {"panels", {"runtime", "language", "gemm", "rows"}},
      {"attention", {"runtime", "language", "gemm"}},
      {"", {"runtime", "gemm"}}}},
    {"nn",
     {{"layers", {}},
      {"", {"layers"}},
      {"generation", {"", "layers"}},
      {"files", {"", "layers"}},
      {"import", {"", "layers"}},
      {"export", {"", "layers", "import"}}}},
    {"quant", {{"", {}}, {"transforms", {""}}}},
    {"train", {{"optim", {}}, {"", {"optim"}}}},
    {"eval",
     {{"score", {}},
      {"outliers", {"score"}},
      {"speed", {"score"}},
      {"verify", {"score"}},
      {"microscope", {"outliers"}},
      {"experiments", {"score", "outliers"}},
      {"explain", {"score", "outliers", "speed", "experiments"}},
      {"", {"score", "outliers", "speed", "experiments"}}}},
    {"report",
     {{"charts", {}},
      {"page", {"charts"}},
      {"run", {"charts", "page"}},
      {"labs", {"charts", "page", "run"}},
      {"compare", {"charts", "page", "run"}}}},
};

std::size_t level(const std::string& folder) {
  return static_cast<std::size_t>(std::find(kFolders.begin(), kFolders.end(), folder) - kFolders.begin());
}

bool is_source(const fs::path& path) {
  return path.extension() == ".h" || path.extension() == ".cpp" || path.extension() == ".cu";
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
        EXPECT_TRUE(level((*match)[1]) <= level(folder)) << entry.path() << " includes " << (*match)[0];
      }
    }
  }
  EXPECT_GT(includes, 100) << "the pattern no longer finds includes";
}

/// "score" of "eval/score/windows.h" in the folder "eval"; "" of "eval/eval_config.h".
std::string room_of(const std::string& path, const std::string& folder) {
  const std::string rest = path.substr(folder.size() + 1);
  const std::size_t slash = rest.find('/');
  return slash == std::string::npos ? "" : rest.substr(0, slash);
}

TEST(Layers, ARoomIncludesOnlyRoomsBelowIt) {
  const std::regex include("#include \"([a-z_]+/[^\"]+)\"");
  std::set<std::string> used;  // arrows that are there
  std::size_t allowed = 0;
  for (const auto& [folder, rooms] : kRooms) {
    for (const auto& [room, below] : rooms) allowed += below.size();
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(OCTET_SOURCE_DIR) / folder)) {
      if (!is_source(entry.path())) continue;
      const std::string room = room_of(fs::relative(entry.path(), OCTET_SOURCE_DIR).string(), folder);
      ASSERT_TRUE(rooms.contains(room)) << entry.path() << " is in a room that kRooms does not know";
      const std::string text = read_text_file(entry.path());
      for (std::sregex_iterator match(text.begin(), text.end(), include), end; match != end; ++match) {
        const std::string header = (*match)[1];
        if (!header.starts_with(folder + "/")) continue;
        const std::string other = room_of(header, folder);
        if (other == room) continue;
        EXPECT_TRUE(rooms.at(room).contains(other)) << entry.path() << " includes " << header;
        used.insert(folder + "/" + room + " -> " + other);
      }
    }
  }
  EXPECT_EQ(used.size(), allowed) << "an arrow that nobody needs any more should leave kRooms";
}

TEST(Layers, NoTwoRoomsIncludeEachOther) {
  for (const auto& [folder, rooms] : kRooms) {
    // Rooms that include only settled ones are settled; in a circle nobody is first.
    std::set<std::string> settled;
    for (std::size_t round = 0; round < rooms.size(); ++round) {
      for (const auto& [room, below] : rooms) {
        if (std::includes(settled.begin(), settled.end(), below.begin(), below.end())) settled.insert(room);
      }
    }
    EXPECT_EQ(settled.size(), rooms.size()) << folder;
  }
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
}  // namespace octet::layers_test
