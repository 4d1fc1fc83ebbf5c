#include "report/charts/gnuplot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/files/read_file.h"
#include "tests/support/temporary_folder.h"

namespace octet::gnuplot_test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kGoodScript = "set terminal svg\nset output 'a.svg'\nplot x\n";

class GnuplotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!charts_available().available) GTEST_SKIP() << charts_available().reason;
  }
  std::filesystem::path write_script(const std::string& text) {
    write_file_atomically(folder_.path() / "a.gp", text);
    return folder_.path() / "a.gp";
  }
  std::filesystem::path picture() const { return folder_.path() / "a.svg"; }

  sample::TemporaryFolder folder_;
};

TEST_F(GnuplotTest, WritesThePictureBesideTheScript) {
  run_gnuplot(write_script(kGoodScript));
  EXPECT_THAT(read_text_file(picture()), HasSubstr("<svg"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "a.log"));
}

TEST_F(GnuplotTest, AcceptsFoldersWithSpacesAndQuotes) {
  const std::filesystem::path odd = folder_.path() / "it's a $HOME";
  make_folder(odd);
  write_file_atomically(odd / "a.gp", kGoodScript);
  run_gnuplot(odd / "a.gp");
  EXPECT_TRUE(std::filesystem::exists(odd / "a.svg"));
}

TEST_F(GnuplotTest, ShowsWhatGnuplotSaidAboutABrokenScript) {
  write_file_atomically(picture(), "an older picture");
  try {
    run_gnuplot(write_script("set terminal svg\nset output 'a.svg'\nplot 'missing.dat'\nplot nonsense(\n"));
    FAIL() << "a broken script must be an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::run);
    EXPECT_THAT(error.what(), HasSubstr("a.gp: gnuplot failed"));
    EXPECT_THAT(error.what(), HasSubstr("missing.dat"));
  }
  EXPECT_FALSE(std::filesystem::exists(picture())) << "the older picture would look like a success";
}

TEST_F(GnuplotTest, RefusesAScriptThatDrawsNothing) {
  try {
    run_gnuplot(write_script("a = 1\n"));
    FAIL() << "a script without a picture must be an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::run);
    EXPECT_THAT(error.what(), HasSubstr("wrote no picture"));
  }
}

TEST_F(GnuplotTest, MissingProgramIsACapabilityError) {
  const std::filesystem::path script = write_script(kGoodScript);
  const sample::ScopedVariable path("PATH", folder_.path().string());
  EXPECT_FALSE(charts_available().available);
  try {
    run_gnuplot(script);
    FAIL() << "gnuplot is not on the PATH";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::capability);
    EXPECT_THAT(error.what(), HasSubstr("not on the PATH"));
  }
}

/// A gnuplot that dies at once leaves a closed pipe: the signal must neither end this process nor leave its
/// handlers changed.
TEST_F(GnuplotTest, SurvivesAGnuplotThatDiesAtOnce) {
  const std::filesystem::path script = write_script(kGoodScript);
  const std::filesystem::path program = folder_.path() / "gnuplot";
  write_file_atomically(program, "#!/bin/sh\nexec <&-\necho it died >&2\nexit 3\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const sample::ScopedVariable path("PATH", folder_.path().string());
  struct sigaction before {};
  sigaction(SIGPIPE, nullptr, &before);
  try {
    run_gnuplot(script);
    FAIL() << "exit status 3 must be an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("it died"));
  }
  struct sigaction after {};
  sigaction(SIGPIPE, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  EXPECT_EQ(sigismember(&blocked, SIGPIPE), 0);
}

/// gnuplot has variables and start-up files of its own; CDPATH misled the shell that once started it.
TEST_F(GnuplotTest, SettingsOfTheUserDoNotMatter) {
  write_file_atomically(folder_.path() / ".gnuplot", "exit status 5\n");
  const sample::ScopedVariable home("HOME", folder_.path()), term("GNUTERM", "x11"), cdpath("CDPATH", "/tmp"),
      lib("GNUPLOT_LIB", folder_.path()), driver("GNUPLOT_DRIVER_DIR", "/nowhere"), locale("LC_ALL", "nonsense");
  EXPECT_NO_THROW(run_gnuplot(write_script(kGoodScript)));
}

class FakeGnuplotTest : public GnuplotTest {
 protected:
  /// A program named gnuplot, the only one on the PATH.
  void replace_gnuplot(const std::string& commands) {
    write_file_atomically(folder_.path() / "gnuplot", "#!/bin/sh\n" + commands);
    std::filesystem::permissions(folder_.path() / "gnuplot", std::filesystem::perms::owner_all);
  }
  std::string error_of_run(std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    const std::filesystem::path script = write_script(kGoodScript);
    const sample::ScopedVariable path("PATH", folder_.path().string());
    try {
      run_gnuplot(script, limit);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::run);
      return error.what();
    }
    return "no error";
  }
};

TEST_F(FakeGnuplotTest, AHangingOneIsKilledWithAllItStarted) {
  replace_gnuplot("/bin/sleep 600\n");
  EXPECT_THAT(error_of_run(std::chrono::milliseconds(100)), HasSubstr("gnuplot failed (no end after 100ms)"));
}

TEST_F(FakeGnuplotTest, AProcessLeftBehindDoesNotHoldTheReportUp) {
  replace_gnuplot("/bin/sleep 20 &\nexit 3\n");
  EXPECT_THAT(error_of_run(), HasSubstr("gnuplot failed (exit status 3): it printed nothing"));
}

TEST_F(FakeGnuplotTest, ALongOutputIsReadToItsEndAndCut) {
  replace_gnuplot("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done; exit 1\n");
  const std::string error = error_of_run();
  EXPECT_THAT(error, HasSubstr("0123456789"));
  EXPECT_LT(error.size(), 5000U);
}

TEST_F(FakeGnuplotTest, ItSeesNoOpenFilesAndNoInput) {
  replace_gnuplot(
      "for f in 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$f ] && echo open $f >&2; done; read x && echo input; "
      "exit 1\n");
  const FILE* open_file = std::fopen((folder_.path() / "gnuplot").c_str(), "r");
  ASSERT_NE(open_file, nullptr);
  EXPECT_THAT(error_of_run(), HasSubstr("it printed nothing"));
  std::fclose(const_cast<FILE*>(open_file));
}

TEST_F(FakeGnuplotTest, ACutOffPictureIsNone) {
  replace_gnuplot("echo '<svg><g>' > a.svg\n");
  EXPECT_THAT(error_of_run(), HasSubstr("wrote no picture"));
  EXPECT_FALSE(std::filesystem::exists(picture()));
}

TEST_F(FakeGnuplotTest, APictureThatIsALinkLeavesItsTargetAlone) {
  write_file_atomically(folder_.path() / "mine.txt", "mine");
  std::filesystem::create_symlink(folder_.path() / "mine.txt", picture());
  run_gnuplot(write_script(kGoodScript));
  EXPECT_EQ(read_text_file(folder_.path() / "mine.txt"), "mine");
}

}  // namespace
}  // namespace octet::gnuplot_test
