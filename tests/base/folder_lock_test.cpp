#include "base/files/folder_lock.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/read_file.h"

namespace octet::folder_lock_test {
namespace {

class FolderLockTest : public testing::Test {
 protected:
  FolderLockTest() {
    std::string name = testing::TempDir() + "octet_lock_XXXXXX";
    folder_ = std::filesystem::path(::mkdtemp(name.data())) / "run";
  }
  ~FolderLockTest() override { std::filesystem::remove_all(folder_.parent_path()); }

  std::string refusal() const {
    try {
      const FolderLock lock(folder_, "second");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::run);
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

TEST_F(FolderLockTest, NamesWhoHoldsTheFolderUntilThatEnds) {
  std::optional<FolderLock> lock;
  lock.emplace(folder_, "octet train");
  EXPECT_THAT(refusal(),
              testing::StartsWith(folder_.string() + ": octet train (process " + std::to_string(::getpid()) + " on "));
  EXPECT_THAT(refusal(), testing::HasSubstr("is at work there"));
  lock.reset();
  EXPECT_EQ(refusal(), "");
  EXPECT_TRUE(std::filesystem::exists(folder_ / FolderLock::kFile)) << "it marks the folder";
}

TEST_F(FolderLockTest, AKilledProcessHoldsNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(folder_, "doomed");
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(refusal(), "");
}

// A run folder may come from somebody else: what a link in it leads to must stay as it is.
TEST_F(FolderLockTest, ALinkInPlaceOfTheLockIsRefused) {
  namespace fs = std::filesystem;
  const fs::path lock = folder_ / FolderLock::kFile, other = folder_ / "other";
  fs::create_directory(folder_);
  write_file_atomically(other, "somebody's");
  fs::create_symlink(other, lock);
  EXPECT_THAT(refusal(), testing::HasSubstr(lock.string() + ": expected a file of this folder alone, found a link"));
  fs::remove(lock);
  fs::create_hard_link(other, lock);
  EXPECT_THAT(refusal(), testing::HasSubstr("expected a file of this folder alone"));
  fs::remove(lock);
  ASSERT_EQ(::mkfifo(lock.c_str(), 0600), 0);
  EXPECT_THAT(refusal(), testing::HasSubstr("expected a file of this folder alone"));
  EXPECT_EQ(read_text_file(other), "somebody's");
}

TEST_F(FolderLockTest, AFolderThatCannotBeIsAnError) {
  write_file_atomically(folder_, "a file");
  EXPECT_THAT(refusal(), testing::HasSubstr(folder_.string()));
}

}  // namespace
}  // namespace octet::folder_lock_test
