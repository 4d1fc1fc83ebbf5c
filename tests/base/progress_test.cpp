#include "base/progress.h"

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace octet::progress_test {
namespace {

/// A progress display that writes into a temporary file, with a clock set by hand.
class Progress : public testing::Test {
 protected:
  ~Progress() override { std::fclose(file_); }

  TerminalProgress::Clock clock() {
    return [this] { return std::chrono::duration<double>(seconds_); };
  }

  std::string written() {
    std::string text(static_cast<std::size_t>(std::ftell(file_)), '\0');
    std::rewind(file_);
    text.resize(std::fread(text.data(), 1, text.size(), file_));
    return text;
  }

  static ProgressUpdate step(std::int64_t done) {
    return {.task = "train",
            .unit = "step",
            .done = done,
            .total = 2000,
            .detail = "loss 2.131",
            .rate_unit = "tokens",
            .rate_factor = 1000};
  }

  std::FILE* file_ = std::tmpfile();
  double seconds_ = 100;
};

TEST_F(Progress, PlainLinesCarryRateAndTimeLeftAndAreRare) {
  TerminalProgress progress(file_, false, clock());
  for (int done = 0; done <= 100; ++done) {
    progress.update(step(done));
    seconds_ += 0.125;
  }
  EXPECT_EQ(written(),
            "train  step 0/2000  loss 2.131\n"
            "train  step 40/2000  loss 2.131  8.00k tokens/s  ETA 4m05s\n"
            "train  step 80/2000  loss 2.131  8.00k tokens/s  ETA 4m00s\n");
}

TEST_F(Progress, TerminalLineIsRewrittenAndCut) {
  TerminalProgress progress(file_, true, clock());
  progress.update(step(0));
  seconds_ += 1;
  ProgressUpdate wide = step(1);
  wide.detail = std::string(200, 'x');
  progress.update(wide);
  EXPECT_EQ(written(),
            "\rtrain  step 0/2000  loss 2.131\x1b[K"
            "\rtrain  step 1/2000  " +
                std::string(59, 'x') + "\x1b[K");
}

TEST_F(Progress, RateCountsOnlyWhatWasDoneHere) {
  TerminalProgress progress(file_, false, clock());
  progress.update(step(1000));
  seconds_ += 10;
  progress.update(step(1100));
  EXPECT_EQ(written(),
            "train  step 1000/2000  loss 2.131\n"
            "train  step 1100/2000  loss 2.131  10.0k tokens/s  ETA 1m30s\n");
}

TEST_F(Progress, NotesAndEndClearTheOpenLine) {
  TerminalProgress progress(file_, true, clock());
  progress.update(step(0));
  progress.note("saved");
  seconds_ += 200;
  progress.finish(step(2000));
  EXPECT_EQ(written(),
            "\rtrain  step 0/2000  loss 2.131\x1b[K\r\x1b[Ksaved\n"
            "train  step 2000/2000  loss 2.131  10.0k tokens/s  3m20s\n");
}

TEST_F(Progress, AnUnknownTotalHasNoTimeLeft) {
  TerminalProgress progress(file_, false, clock());
  progress.update({.task = "read", .unit = "file", .done = 3, .rate_unit = "files"});
  seconds_ += 10;
  progress.update({.task = "read", .unit = "file", .done = 8, .rate_unit = "files"});
  EXPECT_EQ(written(), "read  file 3\nread  file 8  0.5 files/s\n");
}

TEST_F(Progress, AnAbandonedLineIsEnded) {
  { TerminalProgress(file_, true, clock()).update(step(0)); }
  EXPECT_EQ(written().back(), '\n');
}

}  // namespace
}  // namespace octet::progress_test
