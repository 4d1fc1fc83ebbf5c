#include "train/checkpoint_folders.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "tests/support/temporary_folder.h"

namespace octet::checkpoint_folders_test {
namespace {

class CheckpointFoldersTest : public testing::Test {
 protected:
  CheckpointFoldersTest() {
    for (const std::string name : {"last", "best", "step-9", "step-10", "step-200", "step-old", "step-7b"}) {
      make_folder(folders_.root() / name);
      write_file_atomically(folders_.root() / name / "model.safetensors", name);
    }
  }

  std::set<std::string> names() const {
    std::set<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(folders_.root())) {
      result.insert(entry.path().filename().string());
    }
    return result;
  }

  sample::TemporaryFolder run_;
  CheckpointFolders folders_{run_.path()};
};

TEST_F(CheckpointFoldersTest, KeepsTheNewestByNumber) {
  folders_.keep_newest(2);
  EXPECT_EQ(names(), (std::set<std::string>{"last", "best", "step-10", "step-200", "step-old", "step-7b"}));
}

TEST_F(CheckpointFoldersTest, RemovesWhatComesAfterAStep) {
  folders_.remove_after(10);
  EXPECT_EQ(names(), (std::set<std::string>{"last", "best", "step-9", "step-10", "step-old", "step-7b"}));
}

TEST_F(CheckpointFoldersTest, AFolderOfAnotherProgramStays) {
  write_file_atomically(folders_.root() / "step-9" / "pytorch_model.bin", "theirs");
  folders_.keep_newest(1);
  EXPECT_EQ(names(), (std::set<std::string>{"last", "best", "step-9", "step-200", "step-old", "step-7b"}));
  folders_.remove_after(0);
  EXPECT_EQ(names(), (std::set<std::string>{"last", "best", "step-9", "step-old", "step-7b"}));
}

TEST_F(CheckpointFoldersTest, ClearsAllCheckpointsOrNothing) {
  EXPECT_THROW(folders_.clear(), Error) << "step-old is none of ours";
  EXPECT_EQ(names().size(), 7u);
  std::filesystem::remove_all(folders_.root() / "step-old");
  std::filesystem::remove_all(folders_.root() / "step-7b");
  folders_.clear();
  EXPECT_TRUE(names().empty());
  std::filesystem::remove(folders_.root());
  folders_.clear();
  folders_.keep_newest(1);  // nothing there is no error
}

}  // namespace
}  // namespace octet::checkpoint_folders_test
