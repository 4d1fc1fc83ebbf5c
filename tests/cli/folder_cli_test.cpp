// What belongs together in the folder of a run, and what a stage may do to it.
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/files/folder_lock.h"
#include "tests/cli/cli_sample.h"

namespace octet::folder_cli_test {
namespace {

using namespace sample;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Folder : public testing::Test {
 protected:
  Folder() { copy_finished_run(run_); }

  std::string text(const std::string& file) const { return read_text_file(run_ / file); }
  void write(const std::string& file, const std::string& content) const { write_file_atomically(run_ / file, content); }
  /// Every file of the run with its content, but for the lock.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(run_)) {
      if (entry.is_regular_file() && entry.path().filename() != FolderLock::kFile) {
        found[entry.path().string()] = read_text_file(entry.path());
      }
    }
    return found;
  }

  Workplace place_;
  fs::path run_ = place_.path() / "r";
};

TEST_F(Folder, AnotherSplitOfTheTextIsRefused) {
  const auto before = files();
  for (const char* verb : {"quantize", "eval", "report", "train"}) {
    const bool report = verb == std::string("report");  // reads no text, and takes no settings at all
    expect_refused(place_, place_.octet({verb, "r", "corpus.seed=9"}), report ? 2 : 3, {"seed: 1 -> 9"});
    expect_refused(place_, place_.octet({verb, "r", "corpus.test_fraction=0.2"}), report ? 2 : 3,
                   {"test_fraction: 0.1 -> 0.2"});
  }
  EXPECT_EQ(files(), before);
}

TEST_F(Folder, TheSameTextMayLieElsewhere) {
  fs::rename(place_.path() / "text.txt", place_.path() / "moved.txt");
  EXPECT_EQ(place_.octet({"eval", "r", "corpus.path=moved.txt"}).code, 0);
}

TEST_F(Folder, AnOrderToStartAgainIsForOneCommand) {
  ASSERT_EQ(place_.octet({"train", "r", "train.resume=never"}).code, 0);
  EXPECT_THAT(text("config.yaml"), HasSubstr("resume: auto"));
  EXPECT_THAT(text("checkpoints/last/trainer.json"), HasSubstr("\"resume\": \"auto\""));
  const std::string log = text("train.log");
  ASSERT_EQ(place_.octet({"train", "r"}).code, 0);
  EXPECT_THAT(text("train.log").substr(log.size()), HasSubstr("goes on at step 30"));
}

TEST_F(Folder, ModelsOfAnEarlierTrainingAreNotCompared) {
  ASSERT_EQ(place_.octet({"train", "r", "train.resume=never", "train.seed=5"}).code, 0);
  expect_refused(place_, place_.octet({"eval", "r"}), 3, {"r/quantized/int8", "quantize again"});
  expect_refused(place_, place_.octet({"report", "r"}), 3, {"r/report.json", "\"fp32\"", "measure again"});
  ASSERT_EQ(place_.octet({"quantize", "r"}).code, 0);
  expect_refused(place_, place_.octet({"report", "r"}), 3, {"r/report.json"});
  EXPECT_EQ(place_.octet({"eval", "r"}).code, 0);
  EXPECT_EQ(place_.octet({"report", "r"}).code, 0);
}

TEST(Text, ATextThatComesTwiceIsInOnePart) {
  const Workplace place;
  fs::create_directory(place.path() / "twice");
  fs::copy_file(place.path() / "text.txt", place.path() / "twice/a.txt");
  fs::copy_file(place.path() / "text.txt", place.path() / "twice/b.txt");
  ASSERT_EQ(place.octet({"run", "tiny.yaml", "corpus.path=twice", "--out", "r"}).code, 0);
  const auto report = [&](const char* key) {
    return json::parse(read_text_file(place.path() / "r/report.json")).at("corpus").at(key).get<double>();
  };
  EXPECT_LT(report("test_bytes_seen"), 0.03 * report("test_bytes"));

  // With other line ends the blocks differ; then it is said.
  std::string crlf;
  for (const char c : read_text_file(place.path() / "text.txt")) {
    crlf +=
        c == '\n' ? std::string(". And so on, and so on, as it was told in the days of old.\r\n") : std::string(1, c);
  }
  std::string plain = crlf;
  std::erase(plain, '\r');
  write_file_atomically(place.path() / "twice/a.txt", crlf);
  write_file_atomically(place.path() / "twice/b.txt", plain);
  const ProcessResult result =
      run_octet(place.path().string(), {"run", "tiny.yaml", "corpus.path=twice", "--out", "s", "--threads", "1"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("% of the test text stand in the training text too"));
  EXPECT_THAT(read_text_file(place.path() / "s/report.md"), HasSubstr("which the training text repeats"));
}

TEST_F(Folder, AModelOfAnotherRecipeIsNotCompared) {
  fs::rename(run_ / "quantized/int8", run_ / "quantized/x");
  fs::rename(run_ / "quantized/int4", run_ / "quantized/int8");
  fs::rename(run_ / "quantized/x", run_ / "quantized/int4");
  expect_refused(place_, place_.octet({"eval", "r"}), 3, {"r/quantized/int8", "bits: 4 -> 8"});
}

TEST_F(Folder, AStageRefusesWhatOthersDecide) {
  const auto before = files();
  const auto refused = [&](const std::string& verb, const std::string& override, const std::string& owner) {
    SCOPED_TRACE(verb + " " + override);
    expect_refused(place_, place_.octet({verb, "r", override}), 2,
                   {"config.yaml", override.substr(0, override.find('=')), "decided by " + owner});
  };
  refused("eval", "quantize.1.bits=2", "octet quantize");
  refused("eval", "model.layers=3", "octet train");
  refused("eval", "train.steps=31", "octet train");
  refused("eval", "train.resume=never", "octet train");
  refused("eval", "name=other", "octet train");
  refused("quantize", "eval.max_windows=4", "octet eval");
  refused("quantize", "model.vocabulary=500", "octet train");
  refused("report", "eval.max_windows=4", "octet eval");
  refused("report", "quantize.0.bits=6", "octet quantize");
  EXPECT_EQ(files(), before);
}

TEST_F(Folder, TheConfigurationThatMadeTheRunGoesOnServing) {
  EXPECT_EQ(place_.octet({"quantize", "tiny.yaml", "--out", "r"}).code, 0);
  EXPECT_EQ(place_.octet({"eval", "tiny.yaml", "--out", "r", "eval.max_windows=4", "--seed", "3"}).code, 0);
  EXPECT_THAT(text("config.yaml"), HasSubstr("max_windows: 4"));
  std::string changed = kTinyConfig;
  changed.replace(changed.find("steps: 30"), 9, "steps: 40");
  write_file_atomically(place_.path() / "changed.yaml", changed);
  expect_refused(place_, place_.octet({"eval", "changed.yaml", "--out", "r"}), 2, {"train.steps: 30 -> 40"});
}

TEST_F(Folder, ATokenizerOfAnotherModelIsRefused) {
  std::string swapped = text("checkpoints/best/tokenizer.json");
  json tokenizer = json::parse(swapped);
  std::swap(tokenizer["model"]["vocab"]["a"], tokenizer["model"]["vocab"]["e"]);
  const std::string folders[] = {"checkpoints/best", "quantized/int8"};
  for (const std::string& folder : folders) {
    write(folder + "/tokenizer.json", tokenizer.dump());
    expect_refused(place_, place_.octet({"generate", "r/" + folder, "--prompt", "The"}), 3,
                   {folder + "/tokenizer.json", "another one"});
  }
  expect_refused(place_, place_.octet({"verify", "r/quantized/int8", "--prompt", "The"}), 3, {"another one"});
  expect_refused(place_, place_.octet({"eval", "r"}), 3, {"checkpoints/best/tokenizer.json", "another one"});
  expect_refused(place_, place_.octet({"quantize", "r"}), 3, {"checkpoints/best/tokenizer.json", "another one"});
  json larger = json::parse(swapped);
  larger["model"]["vocab"]["zz"] = larger["model"]["vocab"].size() + larger["added_tokens"].size() - 1;
  for (auto& token : larger["added_tokens"]) larger["model"]["vocab"].erase(token["content"].get<std::string>());
  larger["model"]["vocab"]["zz"] = larger["model"]["vocab"].size();
  write("quantized/int8/tokenizer.json", larger.dump());
  EXPECT_EQ(place_.octet({"generate", "r/quantized/int8", "--prompt", "The"}).code, 3);
}

TEST_F(Folder, FilesOfTwoCheckpointsAreNotResumedFrom) {
  ASSERT_EQ(place_.octet({"train", "tiny.yaml", "--out", "other", "train.seed=5"}).code, 0);
  fs::copy_file(place_.path() / "other/checkpoints/last/trainer.safetensors", run_ / "checkpoints/last/new");
  fs::rename(run_ / "checkpoints/last/new", run_ / "checkpoints/last/trainer.safetensors");
  expect_refused(place_, place_.octet({"train", "r"}), 3, {"trainer.safetensors", "another checkpoint"});
}

TEST_F(Folder, WhatAKilledProcessLeftIsClearedAway) {
  for (const char* left : {".config.yaml.tmp-1-0", "quantized/.int8.tmp-2-0", "quantized/.int8.old-2-7",
                           "checkpoints/.last.tmp-3-1", "charts/.speed.svg.tmp-4-2"}) {
    if (std::string(left).starts_with(".config") || std::string(left).starts_with("charts")) {
      write(left, "half");
    } else {
      fs::create_directories(run_ / left);
      write(std::string(left) + "/config.json", "{");
    }
  }
  ASSERT_EQ(place_.octet({"quantize", "r"}).code, 0);
  for (const auto& entry : fs::recursive_directory_iterator(run_)) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(name[0] != '.' || name == FolderLock::kFile) << entry.path();
  }
}

TEST_F(Folder, AFolderThatWasBeingReplacedGetsItsNameBack) {
  const auto before = files();
  fs::rename(run_ / "checkpoints/last", run_ / "checkpoints/.last.old-7-3");
  ASSERT_EQ(place_.octet({"train", "r"}).code, 0);
  for (const auto& [path, content] : before) {
    if (path.find("checkpoints/") != std::string::npos) {
      EXPECT_EQ(read_text_file(path), content) << path;
    }
  }
}

TEST(NewFolder, CheckpointsOfAnotherProgramStay) {
  const Workplace place;
  fs::create_directories(place.path() / "project/checkpoints");
  write_file_atomically(place.path() / "project/checkpoints/my_pytorch_model.pt", "months of work");
  for (const char* verb : {"run", "train"}) {
    expect_refused(place, place.octet({verb, "tiny.yaml", "--out", "project"}), 2, {"project", "checkpoints", "--out"});
  }
  expect_refused(place, place.octet({"configs", "validate", "tiny.yaml", "--out", "project"}), 2, {"checkpoints"});
  EXPECT_EQ(read_text_file(place.path() / "project/checkpoints/my_pytorch_model.pt"), "months of work");
  EXPECT_FALSE(fs::exists(place.path() / "project" / FolderLock::kFile));
}

TEST(NewFolder, FilesOfAnotherProgramAreNotOverwritten) {
  const Workplace place;
  for (const char* name : {"config.yaml", "metrics.jsonl", "report.html", "train.log", "quantized"}) {
    const fs::path folder = place.path() / ("with_" + std::string(name));
    fs::create_directories(folder);
    write_file_atomically(folder / name, "theirs: true\n");
    expect_refused(place, place.octet({"train", "tiny.yaml", "--out", folder}), 2, {name});
    EXPECT_EQ(read_text_file(folder / name), "theirs: true\n");
  }
  fs::create_directories(place.path() / "fine");
  write_file_atomically(place.path() / "fine/notes.txt", "mine");
  EXPECT_EQ(place.octet({"train", "tiny.yaml", "--out", "fine"}).code, 0);
  EXPECT_EQ(read_text_file(place.path() / "fine/notes.txt"), "mine");
}

TEST_F(Folder, OtherFilesAmongCheckpointsAndModelsAreNotRemoved) {
  write("checkpoints/notes.txt", "mine");
  EXPECT_EQ(place_.octet({"train", "r"}).code, 0) << "going on removes nothing";
  expect_refused(place_, place_.octet({"train", "r", "train.resume=never"}), 1, {"r/checkpoints", "notes.txt"});
  EXPECT_TRUE(fs::exists(run_ / "checkpoints/last/model.safetensors"));
  write("quantized/int8/notes.txt", "mine");
  for (const char* verb : {"quantize", "run"}) {
    expect_refused(place_, place_.octet({verb, "r"}), 1, {"r/quantized/int8", "notes.txt"});
  }
  EXPECT_EQ(text("quantized/int8/notes.txt"), "mine");
}

TEST_F(Folder, WithoutTheLastCheckpointTheNewestOtherServes) {
  const std::string last = text("checkpoints/last/model.safetensors");
  ASSERT_TRUE(fs::exists(run_ / "checkpoints/step-30"));
  fs::remove_all(run_ / "checkpoints/last");
  const ProcessResult result = run_octet(place_.path().string(), {"train", "r", "--threads", "1"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("checkpoints/last is missing: goes on from r/checkpoints/best"));
  EXPECT_EQ(text("checkpoints/last/model.safetensors"), last);
}

// As after a kill between two names of one checkpoint.
TEST_F(Folder, AnOlderLastCheckpointIsPassedOver) {
  const auto before = files();
  ASSERT_EQ(place_.octet({"train", "tiny.yaml", "--out", "short", "train.steps=20"}).code, 0);
  std::string state = read_text_file(place_.path() / "short/checkpoints/last/trainer.json");
  state.replace(state.find("\"steps\": 20"), 11, "\"steps\": 30");
  write_file_atomically(place_.path() / "short/checkpoints/last/trainer.json", state);
  fs::remove_all(run_ / "checkpoints/last");
  fs::remove_all(run_ / "checkpoints/best");
  fs::rename(place_.path() / "short/checkpoints/last", run_ / "checkpoints/last");
  fs::rename(place_.path() / "short/checkpoints/step-20", run_ / "checkpoints/step-20");
  ASSERT_EQ(place_.octet({"train", "r"}).code, 0);
  for (const auto& [path, content] : before) {
    if (path.find("checkpoints/") != std::string::npos) {
      EXPECT_EQ(read_text_file(path), content) << path;
    }
  }
  EXPECT_FALSE(fs::exists(run_ / "checkpoints/step-20")) << "keep_last is 1";
}

TEST_F(Folder, TwoProcessesDoNotWriteToOneFolder) {
  const int held = ::open((run_ / FolderLock::kFile).c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(held, 0);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  const std::string holder = "octet train (process 42 on elsewhere)";
  ASSERT_EQ(::ftruncate(held, 0), 0);
  ASSERT_EQ(::pwrite(held, holder.data(), holder.size(), 0), static_cast<ssize_t>(holder.size()));
  const auto before = files();
  for (const char* verb : {"run", "train", "quantize", "eval", "report"}) {
    expect_refused(place_, place_.octet({verb, "r"}), 1, {"r: " + holder + " is at work there", "--out"});
  }
  EXPECT_EQ(files(), before);
  ASSERT_EQ(place_.octet({"generate", "r/quantized/int8", "--prompt", "The"}).code, 0) << "reading is free";
  ::close(held);
  EXPECT_EQ(place_.octet({"quantize", "r"}).code, 0);
}

TEST_F(Folder, AnEvaluationNeedsNoMetrics) {
  fs::remove(run_ / "metrics.jsonl");
  const ProcessResult result = run_octet(place_.path().string(), {"eval", "r", "--threads", "1"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("metrics.jsonl: cannot read"));
  EXPECT_EQ(json::parse(text("report.json")).at("training").at("steps"), 0);
  write("metrics.jsonl", "{\"step\": 1}\n");
  EXPECT_EQ(place_.octet({"eval", "r"}).code, 0);
}

// Its sums would be those of another training.
TEST_F(Folder, MetricsThatLostTheirEndAreNotSummedUp) {
  const std::string rows = text("metrics.jsonl");
  const std::string first_row = rows.substr(0, rows.find('\n') + 1);
  for (const auto& [left, found] :
       {std::pair{std::string(), "found none"}, {first_row, "found the last one at step 1"}}) {
    write("metrics.jsonl", left);
    const ProcessResult result = run_octet(place_.path().string(), {"eval", "r", "--threads", "1"});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr(found));
    EXPECT_EQ(json::parse(text("report.json")).at("training").at("steps"), 0);
  }
  ASSERT_EQ(place_.octet({"report", "r"}).code, 0);
  EXPECT_THAT(text("report.md"), Not(HasSubstr("tokens per second in training"))) << "nothing is known of it";
}

}  // namespace
}  // namespace octet::folder_cli_test
