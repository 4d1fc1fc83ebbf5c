#include "train/held_out_loss.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/ops/cross_entropy.h"
#include "tests/train/training_sample.h"

namespace octet::held_out_loss_test {
namespace {

// Sums of about 5 nats per token in double against FP32 means.
constexpr double kTolerance = 1e-5;

TEST(HeldOutLoss, IsTheMeanOverAllWindows) {
  const TrainingSample sample;
  FreshModel model;
  const HeldOutLoss held_out(sample.held_out, sample.tokenizer, 16, 3, 1 << 20);  // the last batch has fewer rows
  const auto& run = sample.held_out[0];
  const std::int64_t windows = (static_cast<std::int64_t>(run.size()) - 1) / 16;
  ASSERT_EQ(held_out.windows(), windows);
  double sum = 0.0;
  for (std::int64_t i = 0; i < windows; ++i) {
    const auto begin = run.begin() + i * 16;
    const std::vector<std::int32_t> inputs(begin, begin + 16);
    const std::vector<std::int32_t> targets(begin + 1, begin + 17);
    sum += static_cast<double>(model.loss(Tensor::from(inputs, {1, 16}), Tensor::from(targets, {1, 16})).item());
  }
  const HeldOutLoss::Result result = held_out.measure(model);
  EXPECT_NEAR(result.nll, sum / static_cast<double>(windows), kTolerance);
  EXPECT_NEAR(result.bits_per_byte, result.nll / std::log(2.0), kTolerance);  // each token is a byte
}

TEST(HeldOutLoss, CountsBytesOfText) {
  const TrainingSample sample;
  const std::vector<std::string_view> texts = {"the the the the the the"};
  const Tokenizer words(train_bpe(texts, 300));
  const TokenRuns runs = {words.encode("the the the the the")};
  const HeldOutLoss held_out(runs, words, 2, 1, 2);
  EXPECT_EQ(held_out.windows(), 1);
  EXPECT_EQ(held_out.bytes(), words.text_bytes(runs[0][1]) + words.text_bytes(runs[0][2]));
  EXPECT_GT(held_out.bytes(), 2);
}

TEST(HeldOutLoss, TakesAtLeastOneWindow) {
  const TrainingSample sample;
  EXPECT_EQ(HeldOutLoss(sample.held_out, sample.tokenizer, 16, 4, 1).windows(), 1);
  EXPECT_EQ(HeldOutLoss(sample.held_out, sample.tokenizer, 16, 4, 50).windows(), 3);
}

TEST(HeldOutLoss, NeedsARunLongerThanTheContext) {
  const TrainingSample sample;
  const TokenRuns runs = {std::vector<std::int32_t>(16, 1)};
  try {
    const HeldOutLoss held_out(runs, sample.tokenizer, 16, 4, 64);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_THAT(error.what(), testing::HasSubstr("more than 16 tokens (the context)"));
  }
}

}  // namespace
}  // namespace octet::held_out_loss_test
