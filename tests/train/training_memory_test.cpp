#include "train/training_memory.h"

#include <cmath>

#include <gtest/gtest.h>

namespace octet::training_memory_test {
namespace {

GptConfig demo_shape() {
  GptConfig model;
  model.vocabulary = 1024;
  model.context = 256;
  model.width = 192;
  model.layers = 4;
  model.heads = 6;
  model.hidden = 512;
  return model;
}

TEST(TrainingMemory, GrowsWithTheBatchAndNotWithTheNumberOfSteps) {
  TrainConfig train;
  train.batch = 16;
  const double one = training_bytes(demo_shape(), train);
  train.steps = 1'000'000;
  EXPECT_EQ(training_bytes(demo_shape(), train), one);
  train.batch = 32;
  const double two = training_bytes(demo_shape(), train);
  train.batch = 48;
  EXPECT_GT(two, 1.5 * one);
  EXPECT_NEAR(training_bytes(demo_shape(), train) - two, two - one, 1.0);
}

TEST(EvaluationMemory, GrowsWithTokensVocabularyAndWidth) {
  const GptConfig model = demo_shape();
  GptConfig wide = model, wordy = model;
  wide.hidden *= 2;
  wordy.vocabulary *= 2;
  const double without_models = evaluation_bytes(model, 0, 1000);
  EXPECT_GT(without_models, 0.0);
  EXPECT_GT(evaluation_bytes(wide, 0, 1000), without_models);
  EXPECT_GT(evaluation_bytes(wordy, 0, 1000), without_models);
  EXPECT_DOUBLE_EQ(evaluation_bytes(model, 0, 2000), 2 * without_models);
  EXPECT_GT(evaluation_bytes(model, 1, 1000), without_models + 4e6);  // 2 million floats
}

TEST(TrainingMemory, NothingOverflows) {
  GptConfig model = demo_shape();
  model.vocabulary = 1 << 24;
  model.context = 1 << 20;
  model.width = 1 << 16;
  model.layers = 1 << 10;
  model.hidden = 1 << 18;
  TrainConfig train;
  train.batch = train.accumulation = 1 << 20;
  EXPECT_GT(training_bytes(model, train), 1e20);
  EXPECT_TRUE(std::isfinite(training_bytes(model, train)));
  EXPECT_GT(evaluation_bytes(model, 3, 1e6), 1e13);
}

}  // namespace
}  // namespace octet::training_memory_test
