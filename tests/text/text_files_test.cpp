#include "text/text_files.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace octet::text_files_test {
namespace {

namespace fs = std::filesystem;
using std::string_literals::operator""s;

class TextFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("octet_text_files_" + std::to_string(getpid()) + "_" +
                                              testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override {
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(folder_);
  }

  std::string put(const std::string& name, const std::string& bytes) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }

  void expect_refused(const std::string& path, const std::string& message) {
    try {
      read_text_files(path);
      ADD_FAILURE() << "expected: " << message;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_THAT(error.what(), testing::StartsWith(path + ": "));
      EXPECT_THAT(error.what(), testing::HasSubstr(message));
    }
  }

  fs::path folder_;
};

TEST_F(TextFilesTest, OneFileAsItIs) {
  const std::string bytes = "caf\xe9 au lait\r\n\ttab\f\n";
  const auto path = put("a.txt", bytes);
  const TextFiles files = read_text_files(path);
  EXPECT_EQ(files.text, bytes);
  EXPECT_THAT(files.names, testing::ElementsAre(path));
  EXPECT_THAT(files.ends, testing::ElementsAre(static_cast<std::int64_t>(bytes.size())));
}

TEST_F(TextFilesTest, AFolderInTheOrderOfPaths) {
  const auto c = put("c.md", "third\n");
  const auto a = put("a/z.txt", "first\n");
  const auto b = put("b", "second\n");
  put(".hidden", "no");
  put(".git/config", "no");
  const auto picture = put("b.png", "\x89PNG\0"s);
  const auto empty = put("d.txt", "");
  const TextFiles files = read_text_files(folder_.string());
  EXPECT_EQ(files.text, "first\nsecond\nthird\n");
  EXPECT_THAT(files.names, testing::ElementsAre(a, b, c));
  EXPECT_THAT(files.ends, testing::ElementsAre(6, 13, 19));
  EXPECT_THAT(files.left_out, testing::ElementsAre(picture + ": a NUL byte at offset 4", empty + ": empty"));
}

TEST_F(TextFilesTest, WhatCannotBeReadIsLeftOutByName) {
  const auto good = put("good.txt", "text\n");
  const fs::path dangling = folder_ / "dangling", loop = folder_ / "loop", pipe = folder_ / "pipe";
  fs::create_symlink(folder_ / "nowhere", dangling);
  fs::create_symlink(loop, loop);
  const fs::path self = folder_ / "self";
  fs::create_directory_symlink(folder_, self);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const TextFiles files = read_text_files(folder_.string());
  EXPECT_THAT(files.names, testing::ElementsAre(good));
  EXPECT_THAT(files.left_out, testing::ElementsAre(dangling.string() + ": a link to nothing",
                                                   testing::AllOf(testing::StartsWith(loop.string() + ": "),
                                                                  testing::HasSubstr("symbolic links")),
                                                   pipe.string() + ": neither a file nor a folder",
                                                   self.string() + ": a link to a folder, which may lead back here"));
}

TEST_F(TextFilesTest, RefusesAMissingFile) {
  expect_refused((folder_ / "none.txt").string(), "expected a file or folder of text, found nothing there");
  expect_refused((folder_ / "kjv.txt").string(), "scripts/corpus.sh makes it");
}

TEST_F(TextFilesTest, RefusesAnEmptyFile) {
  expect_refused(put("a.txt", ""), "expected text, the file is empty");
}

TEST_F(TextFilesTest, RefusesBinaryFilesAndSaysWhere) {
  expect_refused(put("a.txt", "abc\0def"s), "expected text, found a NUL byte at offset 3");
  expect_refused(put("b.txt",
                     "\xff\xfe"
                     "a\0"s),
                 "(UTF-16: convert it to UTF-8)");
  expect_refused(put("c.txt", "0123456789\x01\x02"),
                 "16.7 % control characters, the first at offset 10; at most 5 % pass for text");
}

TEST_F(TextFilesTest, AFewControlCharactersPass) {
  EXPECT_EQ(why_not_text(std::string(95, 'a') + "\x1b\x1b\x1b\x1b\x1b"), "");
  EXPECT_NE(why_not_text(std::string(94, 'a') + "\x1b\x1b\x1b\x1b\x1b\x1b"), "");
  EXPECT_EQ(why_not_text(""), "");
}

TEST_F(TextFilesTest, RefusesAFolderWithoutText) {
  expect_refused(folder_.string(), "expected a folder with text files, found none among 0 files");
  put("x.bin", "\0"s);
  expect_refused(folder_.string(), "found none among 1 files, the first " + folder_.string() + "/x.bin: a NUL byte");
}

TEST_F(TextFilesTest, RefusesFoldersThatTheKernelMakesUp) {
  expect_refused("/proc", "found none among 1 files, the first /proc: a folder that the kernel makes up");
  put("a.txt", "some text");
  EXPECT_EQ(read_text_files(folder_.string()).names.size(), 1u);
}

TEST_F(TextFilesTest, RefusesDevices) {
  expect_refused("/dev/null", "expected a file or folder, found something else");
}

TEST_F(TextFilesTest, RefusesWhatMayNotBeRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const auto path = put("a.txt", "text");
  fs::permissions(path, fs::perms::none);
  expect_refused(path, "ermission denied");
  fs::permissions(folder_, fs::perms::none);
  expect_refused(folder_.string(), "ermission denied");
}

}  // namespace
}  // namespace octet::text_files_test
