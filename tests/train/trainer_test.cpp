#include "train/trainer.h"

#include <cmath>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/files/read_file.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_sample.h"

namespace octet::trainer_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Trainer : public testing::Test {
 protected:
  /// Trains a fresh model; `stop` is asked after each step.
  TrainSummary train_in(
      const std::string& run, const TrainConfig& config, const std::function<bool()>& stop = [] { return false; }) {
    FreshModel model;
    return train(model, sample_.data(), config, folder_.path() / run, progress_, stop);
  }

  /// The message of the error that training ends with, after checking its kind.
  std::string error_in(
      ErrorKind kind, const std::string& run, const TrainConfig& config,
      const std::function<bool()>& stop = [] { return false; }) {
    try {
      train_in(run, config, stop);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }

  fs::path checkpoints(const std::string& run) const { return folder_.path() / run / "checkpoints"; }

  std::set<std::string> checkpoint_names(const std::string& run) const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(checkpoints(run))) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  /// The metrics without what depends on the clock.
  std::string curve_of(const std::string& run) const {
    std::string text;
    for (MetricsRow row : read_metrics(folder_.path() / run / "metrics.jsonl")) {
      row.ms = row.tok_s = row.rss_mb = row.time = 0.0;
      text += to_json_line(row) + "\n";
    }
    return text;
  }

  void expect_same_result(const std::string& a, const std::string& b) const {
    EXPECT_EQ(curve_of(a), curve_of(b));
    for (const std::string name : {"last", "best"}) {
      for (const std::string file : {"model.safetensors", "trainer.safetensors", "trainer.json"}) {
        EXPECT_TRUE(read_text_file(checkpoints(a) / name / file) == read_text_file(checkpoints(b) / name / file))
            << a << " and " << b << " differ in " << name << "/" << file;
      }
    }
  }

  static std::function<bool()> after_steps(int steps) {
    return [steps]() mutable { return --steps == 0; };
  }

  OneThread one_thread_;
  sample::TemporaryFolder folder_;
  TrainingSample sample_;
  NullProgress progress_;
};

TEST_F(Trainer, LeavesTheWholeRunFolder) {
  const TrainSummary summary = train_in("a", TrainingSample::train_config());
  EXPECT_EQ(checkpoint_names("a"), (std::set<std::string>{"last", "best", "step-8"}));
  for (const std::string file :
       {"model.safetensors", "config.json", "tokenizer.json", "trainer.safetensors", "trainer.json"}) {
    EXPECT_TRUE(fs::is_regular_file(checkpoints("a") / "last" / file)) << file;
    EXPECT_TRUE(fs::is_regular_file(checkpoints("a") / "best" / file)) << file;
  }
  EXPECT_THAT(read_text_file(folder_.path() / "a" / "train.log"),
              AllOf(HasSubstr("starts at step 0 of 10"), HasSubstr("step 5: held-out loss"), HasSubstr("saved")));

  EXPECT_EQ(summary.steps, 10);
  EXPECT_EQ(summary.tokens, 10 * 8 * 16);
  EXPECT_GT(summary.tokens_per_second, 0.0);
  EXPECT_GT(summary.flops_per_second, summary.tokens_per_second);
  ASSERT_EQ(summary.curve.size(), 10U);
  double seconds = 0.0;
  for (std::int64_t step = 1; step <= 10; ++step) {
    const MetricsRow& row = summary.curve[static_cast<std::size_t>(step - 1)];
    EXPECT_EQ(row.step, step);
    EXPECT_EQ(row.tokens, step * 128);
    EXPECT_EQ(row.val_loss.has_value(), step % 5 == 0) << step;
    EXPECT_GT(row.grad_norm, 0.0);
    EXPECT_GT(row.ms, 0.0);
    seconds += row.ms / 1000;
  }
  EXPECT_DOUBLE_EQ(summary.seconds, seconds);
  EXPECT_LT(summary.curve[9].loss, summary.curve[0].loss);
  const MetricsRow& best = summary.curve[static_cast<std::size_t>(summary.best_step - 1)];
  EXPECT_EQ(summary.best_val_loss, best.val_loss);
}

TEST_F(Trainer, TheSameRunTwiceIsTheSameBitForBit) {
  for (const auto kind : {OptimizerKind::muon, OptimizerKind::adamw}) {
    train_in("a", TrainingSample::train_config(kind));
    train_in("b", TrainingSample::train_config(kind));
    expect_same_result("a", "b");
    fs::remove_all(folder_.path() / "a");
    fs::remove_all(folder_.path() / "b");
  }
}

TEST_F(Trainer, AnInterruptedRunGoesOnBitForBit) {
  for (const auto kind : {OptimizerKind::muon, OptimizerKind::adamw}) {
    const TrainConfig config = TrainingSample::train_config(kind);
    train_in("whole", config);
    // Before any checkpoint; after an evaluation; between two checkpoints.
    for (const int steps : kind == OptimizerKind::muon ? std::vector{1, 5, 7} : std::vector{7}) {
      const std::string message = error_in(ErrorKind::interrupted, "parts", config, after_steps(steps));
      EXPECT_THAT(message, HasSubstr(fmt::format("interrupted after step {} of 10", steps)));
      EXPECT_EQ(train_in("parts", config).steps, 10);
      expect_same_result("whole", "parts");
      fs::remove_all(folder_.path() / "parts");
    }
    fs::remove_all(folder_.path() / "whole");
  }
}

TEST_F(Trainer, GoesOnFromANamedCheckpointAndForgetsWhatCameAfter) {
  TrainConfig config = TrainingSample::train_config();
  config.keep_last = 2;
  train_in("a", config);
  const std::string curve = curve_of("a");
  const std::string weights = read_text_file(checkpoints("a") / "last" / "model.safetensors");
  config.resume = (checkpoints("a") / "step-4").string();
  error_in(ErrorKind::interrupted, "a", config, after_steps(1));
  EXPECT_EQ(read_metrics(folder_.path() / "a" / "metrics.jsonl").size(), 5U);
  EXPECT_EQ(checkpoint_names("a"), (std::set<std::string>{"last", "best", "step-4"}));
  config.resume = "auto";
  train_in("a", config);
  EXPECT_EQ(curve_of("a"), curve);
  EXPECT_TRUE(read_text_file(checkpoints("a") / "last" / "model.safetensors") == weights);
}

TEST_F(Trainer, AFinishedRunHasNothingToDo) {
  const TrainSummary first = train_in("a", TrainingSample::train_config());
  const TrainSummary again = train_in("a", TrainingSample::train_config());
  EXPECT_EQ(again.steps, 10);
  EXPECT_EQ(again.best_val_loss, first.best_val_loss);
  EXPECT_EQ(again.seconds, first.seconds);
  EXPECT_EQ(again.curve.size(), 10U);
}

TEST_F(Trainer, NeverResumingStartsAgain) {
  TrainConfig config = TrainingSample::train_config();
  train_in("a", config);
  config.resume = "never";
  config.steps = 2;
  EXPECT_EQ(train_in("a", config).steps, 2);
  EXPECT_EQ(checkpoint_names("a"), (std::set<std::string>{"last", "best"}));
  EXPECT_EQ(read_metrics(folder_.path() / "a" / "metrics.jsonl").size(), 2U);
}

TEST_F(Trainer, OneStepIsARun) {
  TrainConfig config = TrainingSample::train_config();
  config.steps = 1;
  const TrainSummary summary = train_in("a", config);
  EXPECT_EQ(summary.best_step, 1);
  EXPECT_EQ(summary.curve.size(), 1U);
}

TEST_F(Trainer, KeepsTheNewestNumberedCheckpoints) {
  TrainConfig config = TrainingSample::train_config();
  config.save_every = 2;
  config.keep_last = 3;
  train_in("a", config);
  EXPECT_EQ(checkpoint_names("a"), (std::set<std::string>{"last", "best", "step-6", "step-8", "step-10"}));
  config.keep_last = 0;
  config.resume = "never";
  train_in("a", config);
  EXPECT_EQ(checkpoint_names("a"), (std::set<std::string>{"last", "best"}));
}

TEST_F(Trainer, StopsWhereTheLossTurnsNan) {
  const TrainConfig config = TrainingSample::train_config();
  FreshModel model;
  int steps = 0;
  const auto poison = [&] {
    if (++steps == 5) {
      model.parameters().back().parameter->value().span<float>()[0] = std::nanf("");
    }
    return false;
  };
  try {
    train(model, sample_.data(), config, folder_.path() / "a", progress_, poison);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::run);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("expected a finite loss, got nan at step 6 of 10"),
                                    HasSubstr("the last good checkpoint is " + (checkpoints("a") / "last").string())));
  }
  // The checkpoint of step 4 is whole: the run goes on from there and ends as if nothing had happened.
  EXPECT_EQ(checkpoint_names("a"), (std::set<std::string>{"last", "best", "step-4"}));
  train_in("a", config);
  train_in("whole", config);
  expect_same_result("a", "whole");
}

TEST_F(Trainer, ALossThatIsNanFromTheStartLeavesNoCheckpoint) {
  FreshModel model;
  model.parameters().back().parameter->value().span<float>()[0] = std::nanf("");
  try {
    train(model, sample_.data(), TrainingSample::train_config(), folder_.path() / "a", progress_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("got nan at step 1 of 10; there is no checkpoint yet"));
  }
  EXPECT_TRUE(checkpoint_names("a").empty());
}

// A limit on the size of files stands for a disk that fills while writing.
TEST_F(Trainer, AFullDiskLeavesEarlierCheckpoints) {
  const TrainConfig config = TrainingSample::train_config();
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  int steps = 0;
  const auto fill_disk = [&] {
    const rlimit small = {10'000, before.rlim_max};
    return ++steps == 5 && ::setrlimit(RLIMIT_FSIZE, &small) != 0;
  };
  const std::string message = error_in(ErrorKind::run, "a", config, fill_disk);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  EXPECT_THAT(message, HasSubstr("cannot write: File too large"));
  EXPECT_EQ(checkpoint_names("a"), (std::set<std::string>{"last", "best", "step-4"}));
  train_in("a", config);
  train_in("whole", config);
  expect_same_result("a", "whole");
}

TEST_F(Trainer, RefusesToGoOnWithOtherSettings) {
  TrainConfig config = TrainingSample::train_config();
  error_in(ErrorKind::interrupted, "a", config, after_steps(4));
  config.seed = 2;
  config.optimizer.muon.momentum = 0.9;
  config.save_every = 5;  // does not matter
  EXPECT_THAT(error_in(ErrorKind::input, "a", config),
              AllOf(HasSubstr((checkpoints("a") / "last" / "trainer.json").string()), HasSubstr("train.seed: 1 -> 2"),
                    HasSubstr("train.optimizer.muon.momentum: 0.95 -> 0.9"), testing::Not(HasSubstr("save_every"))));
}

TEST_F(Trainer, AMissingCheckpointIsNamed) {
  TrainConfig config = TrainingSample::train_config();
  config.resume = (folder_.path() / "nowhere").string();
  EXPECT_EQ(error_in(ErrorKind::input, "a", config),
            (folder_.path() / "nowhere" / "trainer.json").string() + ": cannot read: No such file or directory");
}

}  // namespace
}  // namespace octet::trainer_test
