#include "base/files/folder_lock.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files/atomic_file.h"

namespace octet {
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

TEST_F(FolderLockTest, AFolderThatCannotBeIsAnError) {
  write_file_atomically(folder_, "a file");
  EXPECT_THAT(refusal(), testing::HasSubstr(folder_.string()));
}

}  // namespace
}  // namespace octet
