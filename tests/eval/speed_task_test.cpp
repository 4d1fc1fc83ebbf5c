#include "eval/speed/speed_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/eval/tiny_models.h"

namespace octet::speed_task_test {
namespace {

/// The shapes of all inputs of the first projection of a model.
struct SeenShapes {
  explicit SeenShapes(Gpt& model) {
    (*model.blocks)[0].attention->qkv->observer = [this](const Tensor& x) { shapes.push_back(x.shape()); };
  }
  std::vector<Shape> shapes;
};

TEST(SpeedJob, APromptIsReadInOnePass) {
  Gpt model(tiny_config(Architecture::llama));
  SeenShapes seen(model);
  SpeedJob job(model, {.kind = SpeedTask::Kind::prompt, .tokens = 7, .batch = 2});
  EXPECT_TRUE(seen.shapes.empty());
  job.run();
  job.run();
  EXPECT_THAT(seen.shapes, testing::ElementsAre(Shape{2, 7, 12}, Shape{2, 7, 12}));
}

TEST(SpeedJob, TokensAreWrittenOneByOneBehindTheDepth) {
  Gpt model(tiny_config(Architecture::gpt2));
  SeenShapes seen(model);
  SpeedJob job(model, {.kind = SpeedTask::Kind::generate, .tokens = 6, .batch = 2, .depth = 10});
  EXPECT_THAT(seen.shapes, testing::ElementsAre(Shape{2, 10, 12})) << "the cache is filled by the model";
  EXPECT_EQ(job.positions(), 10);
  seen.shapes.clear();
  for (int repetition = 0; repetition < 3; ++repetition) {
    job.run();  // 10 + 6 positions are the whole context: a run that did not start at the depth again would not fit
    EXPECT_EQ(job.positions(), 16);
  }
  EXPECT_THAT(seen.shapes, testing::AllOf(testing::SizeIs(18), testing::Each(Shape{2, 1, 12})));
  seen.shapes.clear();
  job.warm_up();
  EXPECT_THAT(seen.shapes, testing::SizeIs(4));
  EXPECT_EQ(job.positions(), 14);
}

TEST(SpeedJob, ReportsEachPassThatFillsTheCache) {
  GptConfig config = tiny_config(Architecture::llama);
  config.context = 1040;
  Gpt model(config);
  int passes = 0;
  const SpeedJob job(model, {.kind = SpeedTask::Kind::generate, .tokens = 1, .depth = 1030}, [&] { ++passes; });
  EXPECT_EQ(passes, 3) << "512 + 512 + 6 tokens";
}

TEST(SpeedJob, RefusesWhatTheContextDoesNotHold) {
  Gpt model(tiny_config(Architecture::llama));
  EXPECT_THROW(SpeedJob(model, {.kind = SpeedTask::Kind::generate, .tokens = 7, .depth = 10}), Error);
  EXPECT_THROW(SpeedJob(model, {.kind = SpeedTask::Kind::prompt, .tokens = 0}), Error);
}

}  // namespace
}  // namespace octet::speed_task_test
