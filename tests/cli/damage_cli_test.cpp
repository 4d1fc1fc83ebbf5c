#include <cmath>

#include "io/safetensors.h"
#include "nn/files/model_file.h"
#include "tests/cli/cli_sample.h"

namespace octet::sample::damage_cli_test {
namespace {

/// A finished run whose `best` and `last` checkpoints a test damages in the same way.
class Damage : public testing::Test {
 protected:
  void SetUp() override { copy_finished_run(place_.path() / "r"); }

  template <typename Change>
  void damage(const Change& change) {
    for (const char* name : {"best", "last"}) {
      change(place_.path() / "r/checkpoints" / name);
    }
  }

  /// Rewrites the weights through the library, so that the checksum is right; trainer.json names it too if `tie`.
  template <typename Change>
  void edit_weights(const Change& change, bool tie = true) {
    damage([&](const fs::path& folder) {
      const std::string before = weights_sha256(folder);
      const fs::path path = folder / "model.safetensors";
      const SafetensorsFile file = SafetensorsFile::read(path);
      std::vector<NamedTensor> tensors;
      for (const std::string& name : file.names()) tensors.push_back({name, file.at(name)});
      auto metadata = file.metadata();
      for (const char* own : {"format", kVersionKey, kChecksumKey}) metadata.erase(own);
      change(tensors);
      write_safetensors(path, tensors, metadata);
      std::string state = read_text_file(folder / "trainer.json");
      if (tie) {
        state.replace(state.find(before), before.size(), weights_sha256(folder));
        write_file_atomically(folder / "trainer.json", state);
      }
    });
  }

  void expect_all_verbs_refuse(const std::vector<std::string>& parts) {
    const std::string best = "r/checkpoints/best";
    const std::vector<std::vector<std::string>> commands = {
        {"train", "r"}, {"quantize", "r"}, {"eval", "r"}, {"generate", best, "--prompt", "The"}, {"inspect", best}};
    for (const auto& command : commands) {
      SCOPED_TRACE(testing::PrintToString(command));
      expect_refused(place_, place_.octet(command), 3, parts);
    }
  }

  Workplace place_;
};

TEST_F(Damage, MissingFolder) {
  fs::remove_all(place_.path() / "r/checkpoints");
  const std::string best = "r/checkpoints/best";
  expect_refused(place_, place_.octet({"quantize", "r"}), 3, {best});
  expect_refused(place_, place_.octet({"eval", "r"}), 3, {best});
  expect_refused(place_, place_.octet({"generate", best, "--prompt", "The"}), 3, {best});
  expect_refused(place_, place_.octet({"inspect", best}), 3, {best});
  expect_refused(place_, place_.octet({"train", "tiny.yaml", "--out", "new", "train.resume=" + best}), 3, {best});
}

TEST_F(Damage, TruncatedWeights) {
  damage([](const fs::path& folder) { fs::resize_file(folder / "model.safetensors", 5000); });
  expect_all_verbs_refuse({"model.safetensors", "truncated"});
}

TEST_F(Damage, FlippedByte) {
  damage([](const fs::path& folder) {
    std::string bytes = read_text_file(folder / "model.safetensors");
    bytes[bytes.size() / 2] ^= 1;
    write_file_atomically(folder / "model.safetensors", bytes);
  });
  expect_all_verbs_refuse({"model.safetensors", "damaged", "SHA-256"});
}

TEST_F(Damage, WeightsOfAnotherRun) {
  edit_weights([](std::vector<NamedTensor>& tensors) { tensors.front().tensor.span<float>()[3] += 1.0F; }, false);
  for (const char* verb : {"train", "quantize", "eval"}) {
    expect_refused(place_, place_.octet({verb, "r"}), 3, {"model.safetensors", "trainer.json beside it names"});
  }
}

TEST_F(Damage, MissingTensor) {
  edit_weights([](std::vector<NamedTensor>& tensors) {
    std::erase_if(tensors, [](const NamedTensor& entry) { return entry.name == "embedding.weight"; });
  });
  expect_all_verbs_refuse({"model.safetensors", "embedding.weight"});
}

TEST_F(Damage, WrongShape) {
  edit_weights([](std::vector<NamedTensor>& tensors) {
    for (NamedTensor& entry : tensors) {
      if (entry.name == "embedding.weight") entry.tensor = Tensor::zeros({10, 32});
    }
  });
  expect_all_verbs_refuse({"model.safetensors", "embedding.weight", "(10, 32)"});
}

TEST_F(Damage, NotANumber) {
  edit_weights([](std::vector<NamedTensor>& tensors) { tensors.front().tensor.span<float>()[3] = NAN; });
  expect_all_verbs_refuse({"model.safetensors", "finite", "index 3"});
}

TEST_F(Damage, AnotherConfiguration) {
  damage([](const fs::path& folder) {
    std::string text = read_text_file(folder / "config.json");
    text.replace(text.find("\"context\": 32"), 13, "\"context\": 16");
    write_file_atomically(folder / "config.json", text);
  });
  for (const char* verb : {"quantize", "eval"}) {
    expect_refused(place_, place_.octet({verb, "r"}), 3, {"another", "context"});
  }
}

TEST_F(Damage, ARefusedResumeLeavesTheRunAsItWas) {
  const std::string before = read_text_file(place_.path() / "r/config.yaml");
  expect_refused(place_, place_.octet({"train", "r", "train.steps=40"}), 3, {"train.steps: 30 -> 40"});
  expect_refused(place_, place_.octet({"train", "r", "model.hidden=96"}), 3, {"hidden", "96"});
  EXPECT_EQ(read_text_file(place_.path() / "r/config.yaml"), before);
  EXPECT_EQ(place_.octet({"train", "r"}).code, 0);
}

TEST_F(Damage, AConfigurationThatWasCutIsRefused) {
  const fs::path config = place_.path() / "r/config.yaml";
  const std::string whole = read_text_file(config);
  for (const char* key : {"\neval:", "\nquantize:"}) {
    write_file_atomically(config, whole.substr(0, whole.find(key) + 1));
    for (const char* verb : {"run", "train", "quantize", "eval", "report"}) {
      expect_refused(place_, place_.octet({verb, "r"}), 2, {"r/config.yaml: expected \"# end\" as the last line"});
    }
  }
  EXPECT_EQ(place_.octet({"train", "tiny.yaml", "--out", "r"}).code, 0) << "the file that it was made from is whole";
  EXPECT_EQ(read_text_file(config), whole);
}

TEST_F(Damage, ARecipeMayKeepEveryLayer) {
  const std::string keep = "quantize.0.keep_fp32=['*']";
  EXPECT_EQ(place_.octet({"quantize", "r", keep}).code, 0);
  const ProcessResult result = place_.octet({"eval", "r"});
  EXPECT_EQ(result.code, 0) << result.err;
}

TEST_F(Damage, AnAllZeroRowQuantizes) {
  edit_weights([](std::vector<NamedTensor>& tensors) {
    for (NamedTensor& entry : tensors) {
      if (entry.name == "embedding.weight") std::ranges::fill(entry.tensor.span<float>().first(32), 0.0f);
    }
  });
  const ProcessResult result = place_.octet({"quantize", "r"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(place_.octet({"inspect", "r/quantized/int4"}).code, 0);
}

}  // namespace
}  // namespace octet::sample::damage_cli_test
