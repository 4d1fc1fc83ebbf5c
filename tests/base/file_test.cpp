#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/files/read_file.h"
#include "tests/support/error_of.h"

namespace octet::file_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

const FileNames kFiles = {"model", "settings"};

/// An empty folder of its own for each test.
class File : public testing::Test {
 protected:
  File() {
    std::string name = testing::TempDir() + "octet_file_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~File() override { fs::remove_all(folder_); }

  static std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  fs::path folder_;
};

TEST_F(File, WritesAndReadsAnyBytes) {
  std::string bytes(3'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 31);
  }
  for (const std::string& content : {std::string(), std::string("a\0b\n", 4), bytes}) {
    write_file_atomically(folder_ / "x", content);
    EXPECT_TRUE(read_text_file(folder_ / "x") == content);
  }
  EXPECT_THAT(names_in(folder_), UnorderedElementsAre("x"));
}

TEST_F(File, ReadsFilesThatDoNotKnowTheirSize) {
  EXPECT_THAT(read_text_file("/proc/self/status"), HasSubstr("Name:"));
  EXPECT_EQ(error_of(ErrorKind::input, [&] { read_text_stream("/dev/zero"); }),
            "/dev/zero: cannot read: no end after 256 MiB");
  EXPECT_EQ(error_of(ErrorKind::input, [&] { read_text_file("/dev/zero"); }),
            "/dev/zero: expected a file, found a pipe or a device");
}

// The messages of the kernel call themselves a file, and wait for the next message.
TEST_F(File, AFileThatWaitsForEventsIsRefused) {
  constexpr const char* kWaits = "/proc/kmsg";
  if (::access(kWaits, R_OK) != 0) {
    GTEST_SKIP() << "only root may read " << kWaits;
  }
  EXPECT_THAT(error_of(ErrorKind::input, [&] { read_text_stream(kWaits); }), HasSubstr(kWaits));
}

TEST_F(File, ReadsAPipeWhoseWriterComesLateAndPauses) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));  // longer than one look at the pipe
    std::ofstream file(pipe);
    file << "first " << std::flush;
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    file << "second";
  });
  EXPECT_EQ(read_text_stream(pipe), "first second");
  writer.join();
  const std::string refused = pipe.string() + ": expected a file, found a pipe or a device";
  EXPECT_EQ(error_of(ErrorKind::input, [&] { read_text_file(pipe); }), refused);
  EXPECT_EQ(error_of(ErrorKind::input, [&] { InputFile file(pipe); }), refused);
}

TEST_F(File, ReadErrorsNameThePathAndTheReason) {
  const fs::path missing = folder_ / "missing";
  EXPECT_EQ(error_of(ErrorKind::input, [&] { read_text_file(missing); }),
            missing.string() + ": cannot read: No such file or directory");
  EXPECT_EQ(error_of(ErrorKind::input, [&] { InputFile file(missing); }),
            missing.string() + ": cannot read: No such file or directory");
  EXPECT_EQ(error_of(ErrorKind::input, [&] { read_text_file(folder_); }),
            folder_.string() + ": cannot read: Is a directory");
  EXPECT_EQ(error_of(ErrorKind::input, [&] { InputFile file(folder_); }),
            folder_.string() + ": cannot read: Is a directory");
}

TEST_F(File, InputFileReadsParts) {
  write_file_atomically(folder_ / "x", "0123456789");
  const InputFile file(folder_ / "x");
  EXPECT_EQ(file.size(), 10U);
  std::string part(4, ' ');
  file.read(3, part.data(), 4);
  EXPECT_EQ(part, "3456");
  file.read(10, part.data(), 0);
  EXPECT_EQ(error_of(ErrorKind::input, [&] { file.read(8, part.data(), 4); }),
            (folder_ / "x").string() + ": expected 2 more bytes at byte 10, but the file ends");
}

TEST_F(File, AFileAppearsOnlyOnCommit) {
  const fs::path path = folder_ / "x";
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("half");
  }
  EXPECT_EQ(read_text_file(path), "old");
  EXPECT_THAT(names_in(folder_), UnorderedElementsAre("x"));
  AtomicFile file(path);
  file.write("new ");
  file.write("text");
  EXPECT_EQ(read_text_file(path), "old");
  file.commit();
  EXPECT_EQ(read_text_file(path), "new text");
  EXPECT_THAT(names_in(folder_), UnorderedElementsAre("x"));
}

TEST_F(File, NewFilesAreReadableForOthers) {
  const auto mask = ::umask(022);
  write_file_atomically(folder_ / "x", "");
  ::umask(mask);
  EXPECT_EQ(static_cast<unsigned>(fs::status(folder_ / "x").permissions()), 0644U);
}

TEST_F(File, WriteErrorsNameThePathAndTheReason) {
  const fs::path nowhere = folder_ / "no" / "x";
  EXPECT_EQ(error_of(ErrorKind::run, [&] { write_file_atomically(nowhere, "a"); }),
            nowhere.string() + ": cannot write: No such file or directory");
  make_folder(folder_ / "taken");
  EXPECT_EQ(error_of(ErrorKind::run, [&] { write_file_atomically(folder_ / "taken", "a"); }),
            (folder_ / "taken").string() + ": cannot replace: Is a directory");
  EXPECT_THAT(names_in(folder_), UnorderedElementsAre("taken"));
}

/// What has no name cannot be renamed into place.
TEST_F(File, AFolderMustHaveANameToBePutInPlace) {
  for (const char* name : {".", "..", "/"}) {
    EXPECT_THAT(error_of(ErrorKind::run, [&] { AtomicFolder folder(name, kFiles); }),
                HasSubstr("expected the name of a folder of its own"))
        << name;
  }
}

TEST_F(File, AFolderWithoutPermissionIsAnError) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may write everywhere";
  }
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  const fs::path path = folder_ / "x";
  EXPECT_EQ(error_of(ErrorKind::run, [&] { write_file_atomically(path, "a"); }),
            path.string() + ": cannot write: Permission denied");
  EXPECT_THAT(error_of(ErrorKind::run, [&] { AtomicFolder folder(path, kFiles); }),
              AllOf(HasSubstr((folder_ / ".x.tmp-").string()), HasSubstr(": cannot create folder: Permission denied")));
  fs::permissions(folder_, fs::perms::owner_all);
}

TEST_F(File, MakeFolderCreatesParentsAndRefusesFiles) {
  make_folder(folder_ / "a" / "b");
  make_folder(folder_ / "a" / "b");
  EXPECT_TRUE(fs::is_directory(folder_ / "a" / "b"));
  write_file_atomically(folder_ / "x", "");
  EXPECT_THAT(error_of(ErrorKind::run, [&] { make_folder(folder_ / "x" / "y"); }),
              AllOf(HasSubstr((folder_ / "x" / "y").string()), HasSubstr("Not a directory")));
}

TEST_F(File, AFolderAppearsOnlyOnCommit) {
  const fs::path path = folder_ / "best/";
  {
    AtomicFolder folder(path, kFiles);
    write_file_atomically(folder.path() / "model", "1");
    folder.commit();
  }
  EXPECT_EQ(read_text_file(path / "model"), "1");
  {
    AtomicFolder abandoned(path, kFiles);
    write_file_atomically(abandoned.path() / "model", "2");
  }
  EXPECT_EQ(read_text_file(path / "model"), "1");
  {
    AtomicFolder folder(path, kFiles);
    write_file_atomically(folder.path() / "settings", "3");
    EXPECT_EQ(read_text_file(path / "model"), "1");
    folder.commit();
  }
  EXPECT_EQ(read_text_file(path / "settings"), "3");
  EXPECT_FALSE(fs::exists(path / "model"));
  EXPECT_THAT(names_in(folder_), UnorderedElementsAre("best"));
}

TEST_F(File, AFolderDoesNotReplaceAFile) {
  write_file_atomically(folder_ / "x", "keep");
  EXPECT_EQ(error_of(ErrorKind::run, [&] { AtomicFolder folder(folder_ / "x", kFiles); }),
            (folder_ / "x").string() + ": cannot replace: Not a directory");
  EXPECT_THAT(names_in(folder_), UnorderedElementsAre("x"));
}

TEST_F(File, AFolderWithOtherFilesIsNotReplaced) {
  const fs::path path = folder_ / "best";
  make_folder(path);
  write_file_atomically(path / "model", "1");
  EXPECT_TRUE(holds_only(path, kFiles));
  AtomicFolder begun(path, kFiles);
  write_file_atomically(path / "notes", "mine");
  EXPECT_FALSE(holds_only(path, kFiles));
  const std::string message =
      path.string() + ": expected a folder with nothing but model, settings, which may be replaced, found notes in it";
  EXPECT_EQ(error_of(ErrorKind::run, [&] { AtomicFolder folder(path, kFiles); }), message);
  EXPECT_EQ(error_of(ErrorKind::run, [&] { begun.commit(); }), message);
  EXPECT_EQ(error_of(ErrorKind::run, [&] { remove_known_folder(path, kFiles); }), message);
  EXPECT_THAT(names_in(path), UnorderedElementsAre("model", "notes"));
  fs::remove(path / "notes");
  make_folder(path / "settings");
  EXPECT_FALSE(holds_only(path, kFiles)) << "a folder of that name is no file of ours";
  fs::remove(path / "settings");
  remove_known_folder(path, kFiles);
  EXPECT_FALSE(fs::exists(path));
  remove_known_folder(path, kFiles);
}

// In a container the next process has the number of the last one.
TEST_F(File, NamesThatAKilledProcessTookAreLeftAlone) {
  write_file_atomically(folder_ / "x", "old");
  const std::string prefix = ".x.tmp-" + std::to_string(::getpid()) + "-";
  int next = 0;
  {
    AtomicFolder probe(folder_ / "probe", kFiles);
    const std::string name = probe.path().filename().string();
    next = std::stoi(name.substr(name.rfind('-') + 1)) + 1;
  }
  make_folder(folder_ / (prefix + std::to_string(next)));
  write_file_atomically(folder_ / (prefix + std::to_string(next + 2)), "half");
  AtomicFolder folder(folder_ / "y", kFiles);
  write_file_atomically(folder_ / "x", "new");
  EXPECT_EQ(read_text_file(folder_ / "x"), "new");
}

TEST_F(File, LeftoversOfKilledProcessesAreCleared) {
  write_file_atomically(folder_ / "kept", "1");
  write_file_atomically(folder_ / ".hidden", "1");
  write_file_atomically(folder_ / ".notes.tmp-today", "1");
  write_file_atomically(folder_ / ".x.tmp-12-3", "half");
  for (const char* name : {".best.tmp-12-4", ".best.old-12-5", ".last.old-12-6"}) {
    make_folder(folder_ / name);
    write_file_atomically(folder_ / name / "model", name);
  }
  make_folder(folder_ / "best");
  clear_leftovers(folder_);
  EXPECT_THAT(names_in(folder_), UnorderedElementsAre("kept", ".hidden", ".notes.tmp-today", "best", "last"));
  EXPECT_EQ(read_text_file(folder_ / "last" / "model"), ".last.old-12-6") << "it was complete";
  clear_leftovers(folder_ / "nowhere");
}

// A limit on the size of files stands for a disk that fills while writing: the kernel writes a
// part, then refuses.
TEST_F(File, AWriteThatStopsHalfwayLeavesTheOldFile) {
  const fs::path path = folder_ / "x";
  write_file_atomically(path, "old");
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message = error_of(ErrorKind::run, [&] { write_file_atomically(path, std::string(5000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(message, path.string() + ": cannot write: File too large");
  EXPECT_EQ(read_text_file(path), "old");
  EXPECT_THAT(names_in(folder_), UnorderedElementsAre("x"));
}

TEST_F(File, AFullDiskLeavesTheOldFile) {
  if (::mount("none", folder_.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "a file system of 64 KiB cannot be mounted here";
  }
  const fs::path path = folder_ / "x";
  write_file_atomically(path, "old");
  const std::string message = error_of(ErrorKind::run, [&] { write_file_atomically(path, std::string(100'000, 'x')); });
  const std::string content = read_text_file(path);
  const auto names = names_in(folder_);
  ::umount(folder_.c_str());

  EXPECT_EQ(message, path.string() + ": cannot write: No space left on device");
  EXPECT_EQ(content, "old");
  EXPECT_THAT(names, UnorderedElementsAre("x"));
}

}  // namespace
}  // namespace octet::file_test
