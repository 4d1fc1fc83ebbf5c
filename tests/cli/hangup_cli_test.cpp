#include <csignal>
#include <thread>

#include <pty.h>
#include <unistd.h>

#include "tests/cli/cli_sample.h"

namespace octet::sample::hangup_cli_test {
namespace {

// Nothing but the signal makes the training save before its end.
const char* const kSteps = "train.steps=400";
const char* const kRarely = "train.save_every=400";

std::string weights(const fs::path& run) {
  return read_text_file(run / "checkpoints/last/model.safetensors");
}

/// Waits for the first steps of a training; false where they do not come.
bool has_begun(const fs::path& run) {
  for (int tries = 0; tries < 6000; ++tries) {
    if (fs::exists(run / "metrics.jsonl") && fs::file_size(run / "metrics.jsonl") > 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// Runs `octet train` on a terminal of its own, which closes when some steps are done; returns the exit code.
int train_until_the_terminal_closes(const Workplace& place) {
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    const bool moved = chdir(place.path().c_str()) == 0;
    if (moved) {
      execl(OCTET_BINARY, OCTET_BINARY, "train", "tiny.yaml", "--out", "cut", kSteps, kRarely, "--threads", "1",
            static_cast<char*>(nullptr));
    }
    _exit(127);
  }
  EXPECT_TRUE(has_begun(place.path() / "cut"));
  close(terminal);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The signal is not all: from then on each line of progress is an error of the write.
TEST(Hangup, AClosedTerminalSavesTheTraining) {
  const Workplace place;
  ASSERT_EQ(place.octet({"train", "tiny.yaml", "--out", "whole", kSteps, kRarely}).code, 0);
  EXPECT_EQ(train_until_the_terminal_closes(place), 130);
  EXPECT_EQ(place.octet({"inspect", "cut/checkpoints/last"}).code, 0);
  ASSERT_EQ(place.octet({"train", "cut"}).code, 0);
  EXPECT_TRUE(weights(place.path() / "whole") == weights(place.path() / "cut"));
}

// Letters without a space, of which the tokenizer is learned for seconds.
TEST(Hangup, CtrlCIsHeardWhileTheTokenizerIsLearned) {
  const Workplace place;
  std::string letters;
  for (unsigned i = 0, state = 1; i < 6'000'000; ++i) {
    state = state * 1664525U + 1013904223U;
    letters += static_cast<char>('a' + (state >> 16) % 26);
  }
  write_file_atomically(place.path() / "text.txt", letters);
  const ProcessResult result = place.shell(
      "set -m; $OCTET train tiny.yaml --out r --threads 1 & pid=$!; "
      "until grep -q 'tokenizer  merge 0' stderr.txt; do sleep 0.01; done; kill -INT $pid; wait $pid");
  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.err,
              testing::HasSubstr("learning the tokenizer was interrupted; the same command starts it again"));
  EXPECT_THAT(place.temporaries(), testing::IsEmpty());
}

TEST(Hangup, NohupLetsTheTrainingGoOn) {
  const Workplace place;
  const ProcessResult result = place.shell(
      "set -m; nohup $OCTET train tiny.yaml --out r train.steps=200 --threads 1 --quiet & pid=$!; "
      "until [ -s r/metrics.jsonl ]; do sleep 0.01; done; kill -HUP $pid; wait $pid");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(fs::exists(place.path() / "r/checkpoints/step-200"));
}

TEST(Hangup, ProgressThatNobodyCanReadDoesNotStopAJob) {
  const Workplace place;
  const ProcessResult result =
      place.shell("$OCTET train tiny.yaml --out r --threads 1 2>/dev/full && $OCTET inspect r/checkpoints/last");
  EXPECT_EQ(result.code, 0) << result.err;
}

}  // namespace
}  // namespace octet::sample::hangup_cli_test
