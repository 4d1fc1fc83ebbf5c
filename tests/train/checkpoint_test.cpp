#include "train/checkpoint.h"

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config/config.h"
#include "base/files/atomic_file.h"
#include "base/files/read_file.h"
#include "io/safetensors.h"
#include "tests/support/error_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_sample.h"

namespace octet::checkpoint_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

/// A model with an optimizer after one made-up step.
struct Trained {
  explicit Trained(const GptConfig& config = TrainingSample::model_config()) : model(config) {
    std::uint64_t stream = 0;
    for (const NamedTensor& entry : optimizer->state()) {
      Tensor tensor = entry.tensor;
      for (float& value : tensor.span<float>()) {
        value = Random(5, 1).normal(stream++);
      }
    }
  }

  FreshModel model;
  std::unique_ptr<Optimizer> optimizer = make_optimizer(model, {});
};

class Checkpoint : public testing::Test {
 protected:
  void save(Trained& trained) {
    save_checkpoint(checkpoint_, trained.model, *trained.optimizer, sample_.tokenizer, state_);
  }

  /// The message of loading into a fresh model, after checking the kind.
  std::string load_error(const GptConfig& config = TrainingSample::model_config()) {
    return error_of(ErrorKind::input, [&] {
      Trained into(config);
      load_checkpoint(checkpoint_, into.model, *into.optimizer);
    });
  }

  /// Replaces the tensors of a file by what `change` makes of them.
  void rewrite(const fs::path& file, const std::function<void(std::vector<NamedTensor>&)>& change) const {
    const SafetensorsFile old = SafetensorsFile::read(file);
    std::vector<NamedTensor> tensors;
    for (const std::string& name : old.names()) {
      tensors.push_back({name, old.at(name)});
    }
    change(tensors);
    auto metadata = old.metadata();
    for (const char* reserved : {"format", kChecksumKey, kVersionKey}) {
      metadata.erase(reserved);
    }
    write_safetensors(file, tensors, metadata);
  }

  sample::TemporaryFolder folder_;
  TrainingSample sample_;
  fs::path checkpoint_ = folder_.path() / "last";
  TrainerState state_{.step = 7,
                      .best_loss = 1.0 / 3.0,
                      .best_step = 5,
                      .corpus_sha256 = "c",
                      .split = {},
                      .tokenizer_sha256 = "t",
                      .train = TrainingSample::train_config(),
                      .weights_sha256 = {},
                      .optimizer_sha256 = {}};
};

// As an interruption before the first step leaves it.
TEST_F(Checkpoint, OfStepZeroReadsBack) {
  Trained trained;
  state_.step = state_.best_step = 0;
  save(trained);
  EXPECT_EQ(read_trainer_state(checkpoint_).step, 0);
}

TEST_F(Checkpoint, ReadsBackToTheSameBits) {
  Trained trained;
  save(trained);
  Trained loaded;
  for (const auto& entry : loaded.model.parameters()) {
    Tensor(entry.parameter->value()).fill(0.0F);
  }
  for (const NamedTensor& entry : loaded.optimizer->state()) {
    Tensor(entry.tensor).fill(0.0F);
  }
  load_checkpoint(checkpoint_, loaded.model, *loaded.optimizer);
  const auto expected = trained.model.parameters();
  const auto actual = loaded.model.parameters();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(actual[i].parameter->value().to_vector(), expected[i].parameter->value().to_vector()) << actual[i].path;
  }
  for (std::size_t i = 0; i < trained.optimizer->state().size(); ++i) {
    EXPECT_EQ(loaded.optimizer->state()[i].tensor.to_vector(), trained.optimizer->state()[i].tensor.to_vector());
  }
  TrainerState state = read_trainer_state(checkpoint_);
  EXPECT_EQ(std::exchange(state.weights_sha256, {}),
            SafetensorsFile::read(checkpoint_ / "model.safetensors").metadata().at(kChecksumKey));
  EXPECT_EQ(std::exchange(state.optimizer_sha256, {}),
            SafetensorsFile::read(checkpoint_ / "trainer.safetensors").metadata().at(kChecksumKey));
  EXPECT_EQ(state.step, 7);
  EXPECT_EQ(state.best_loss, 1.0 / 3.0);
  EXPECT_EQ(state.best_step, 5);
  EXPECT_TRUE(differences(state, state_).empty());
}

TEST_F(Checkpoint, ALinkHasTheSameContentAndOutlivesTheOriginal) {
  Trained trained;
  save(trained);
  const fs::path best = folder_.path() / "best";
  link_checkpoint(checkpoint_, best);
  EXPECT_EQ(fs::hard_link_count(best / "model.safetensors"), 2U);
  const std::string weights = read_text_file(checkpoint_ / "model.safetensors");
  trained.model.parameters()[0].parameter->value().span<float>()[0] += 1.0F;
  save(trained);
  EXPECT_TRUE(read_text_file(best / "model.safetensors") == weights);
  EXPECT_FALSE(read_text_file(checkpoint_ / "model.safetensors") == weights);
}

TEST_F(Checkpoint, WeightsThatAreNotFiniteAreNotSaved) {
  Trained good;
  save(good);
  Trained trained;
  trained.model.parameters()[2].parameter->value().span<float>()[3] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(error_of(ErrorKind::run, [&] { save(trained); }), "[checkpoint] expected finite values in \"" +
                                                                  trained.model.parameters()[2].path +
                                                                  "\", got infinite or NaN ones after step 7");
  Trained other;
  Tensor moment = other.optimizer->state()[1].tensor;
  moment.span<float>()[0] = std::nanf("");
  EXPECT_THAT(error_of(ErrorKind::run, [&] { save(other); }), HasSubstr(other.optimizer->state()[1].name));
  Trained loaded;
  load_checkpoint(checkpoint_, loaded.model, *loaded.optimizer);  // the good one still stands
}

TEST_F(Checkpoint, AMissingFileIsNamed) {
  Trained trained;
  for (const std::string file : {"model.safetensors", "trainer.safetensors"}) {
    save(trained);
    fs::remove(checkpoint_ / file);
    EXPECT_EQ(load_error(), (checkpoint_ / file).string() + ": cannot read: No such file or directory");
  }
}

TEST_F(Checkpoint, ATruncatedFileIsNamed) {
  Trained trained;
  for (const std::string file : {"model.safetensors", "trainer.safetensors"}) {
    save(trained);
    fs::resize_file(checkpoint_ / file, fs::file_size(checkpoint_ / file) - 5);
    EXPECT_THAT(load_error(), HasSubstr((checkpoint_ / file).string() + ": "));
  }
}

TEST_F(Checkpoint, AFlippedByteIsNoticed) {
  Trained trained;
  for (const std::string file : {"model.safetensors", "trainer.safetensors"}) {
    save(trained);
    std::string bytes = read_text_file(checkpoint_ / file);
    bytes[bytes.size() - 10] = static_cast<char>(bytes[bytes.size() - 10] ^ 1);
    write_file_atomically(checkpoint_ / file, bytes);
    EXPECT_THAT(load_error(), HasSubstr((checkpoint_ / file).string() + ": "));
  }
}

TEST_F(Checkpoint, AMissingTensorIsNamed) {
  Trained trained;
  for (const std::string file : {"model.safetensors", "trainer.safetensors"}) {
    save(trained);
    std::string name;
    rewrite(checkpoint_ / file, [&](std::vector<NamedTensor>& tensors) {
      name = tensors.back().name;
      tensors.pop_back();
    });
    EXPECT_THAT(load_error(), AllOf(HasSubstr((checkpoint_ / file).string()), HasSubstr(name)));
  }
}

TEST_F(Checkpoint, ATensorTooManyOfTheOptimizerIsRefused) {
  Trained trained;
  save(trained);
  rewrite(checkpoint_ / "trainer.safetensors", [](std::vector<NamedTensor>& tensors) {
    tensors.push_back({"more", Tensor::zeros({2})});
  });
  EXPECT_THAT(load_error(), HasSubstr("tensors of the optimizer, got"));
}

TEST_F(Checkpoint, AWrongShapeIsNamed) {
  Trained trained;
  save(trained);
  std::string name;
  rewrite(checkpoint_ / "trainer.safetensors", [&](std::vector<NamedTensor>& tensors) {
    name = tensors[0].name;
    tensors[0].tensor = Tensor::zeros({3, 5});
  });
  EXPECT_THAT(load_error(), AllOf(HasSubstr((checkpoint_ / "trainer.safetensors").string() + ": tensor \"" + name),
                                  HasSubstr("got f32 (3, 5)")));
}

TEST_F(Checkpoint, AnotherModelIsListed) {
  Trained trained;
  save(trained);
  GptConfig config = TrainingSample::model_config();
  config.layers = 1;
  EXPECT_THAT(load_error(config),
              AllOf(HasSubstr((checkpoint_ / "model.safetensors").string()), HasSubstr("layers: 2 -> 1")));
}

TEST_F(Checkpoint, ADamagedStateIsNamed) {
  Trained trained;
  save(trained);
  const fs::path path = checkpoint_ / "trainer.json";
  const auto read = [&] { read_trainer_state(checkpoint_); };
  for (const std::string text : {"", "{\"step\": ", "{\"step\": 1}", "{\"step\": \"x\"}"}) {
    write_file_atomically(path, text);
    EXPECT_THAT(error_of(ErrorKind::input, read), HasSubstr(path.string())) << text;
  }
}

}  // namespace
}  // namespace octet::checkpoint_test
