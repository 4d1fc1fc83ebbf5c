#include "eval/score/evaluator.h"

#include <limits>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parallel.h"
#include "tests/eval/markov.h"

namespace octet::evaluator_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::int64_t kVocabulary = 16;

/// Logit errors that make a worse model of the text.
std::vector<float> noise(std::size_t count, float size) {
  const Random random(5);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = size * random.normal(i);
  }
  return values;
}

double standard_error(const Evaluation& evaluation) {
  double squares = 0;
  for (const WindowScore& window : evaluation.windows) {
    const double deviation = window.nll / static_cast<double>(window.tokens) - evaluation.nll;
    squares += deviation * deviation;
  }
  const auto n = static_cast<double>(evaluation.windows.size());
  return std::sqrt(squares / (n - 1) / n);
}

TEST(Evaluator, PerfectModelScoresTheEntropyOfTheText) {
  const MarkovText text(kVocabulary, 1);
  const auto windows = text.windows(400, 65, 2);
  const std::vector<EvaluatedModel> models = {{"truth", text.model()}};
  const Evaluation result = evaluate(models, windows).front();

  ASSERT_EQ(result.scored_tokens, 400 * 64);
  const double error = standard_error(result);
  ASSERT_LT(error, 0.01) << "25,600 tokens must pin the loss down";
  EXPECT_NEAR(result.nll, text.entropy(), 4 * error);
  EXPECT_DOUBLE_EQ(result.perplexity, std::exp(result.nll));
  EXPECT_DOUBLE_EQ(result.bits_per_byte, result.nll / std::numbers::ln2) << "each token is one byte here";

  // The best guess is right with probability sum_i pi_i max_j p_ij.
  double accuracy = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    double best = 0;
    for (std::size_t j = 0; j < text.size(); ++j) {
      best = std::max(best, text.p(i, j));
    }
    accuracy += text.stationary(i) * best;
  }
  EXPECT_NEAR(result.accuracy, accuracy, 4 * 0.5 / std::sqrt(25600.0));
}

TEST(Evaluator, KlOfAWorseModelIsItsExcessLoss) {
  const MarkovText text(kVocabulary, 1);
  const auto windows = text.windows(400, 65, 2);
  const auto error = noise(kVocabulary * kVocabulary, 0.3F);
  const std::vector<EvaluatedModel> models = {{"truth", text.model()}, {"worse", text.model(error)}};
  const auto results = evaluate(models, windows);

  // KL(p_i || q_i) of every row, weighted as the chain visits them.
  double expected = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    double sum = 0;
    double mean_error = 0;
    for (std::size_t j = 0; j < text.size(); ++j) {
      sum += text.p(i, j) * std::exp(error[i * text.size() + j]);
      mean_error += text.p(i, j) * error[i * text.size() + j];
    }
    expected += text.stationary(i) * (std::log(sum) - mean_error);
  }
  constexpr double kTolerance = 0.0005;  // measured 0.000015 of 0.0282: the rows are visited a little unevenly
  EXPECT_NEAR(results[1].kl.mean, expected, kTolerance);
  // Without labels KL says what the loss says with them: E[nll_q - nll_p] = KL(p || q).
  // The differences of single tokens vary by about sqrt(2 KL) = 0.24, over 25,600 tokens by 0.0015.
  EXPECT_NEAR(results[1].nll - results[0].nll, expected, 4 * 0.0015);
  EXPECT_GT(results[1].top1_agreement, 0.5);
  EXPECT_LT(results[1].top1_agreement, 1.0);
  EXPECT_LT(results[1].kl.p50, results[1].kl.p99);
  EXPECT_LE(results[1].kl.p99, results[1].kl.max);
}

TEST(Evaluator, ReferenceAgainstItselfIsExactlyZero) {
  const MarkovText text(kVocabulary, 3);
  const std::vector<EvaluatedModel> models = {{"fp32", text.model()}, {"fp32 again", text.model()}};
  for (const Evaluation& result : evaluate(models, text.windows(7, 33, 4))) {
    EXPECT_EQ(result.kl.mean, 0.0) << result.name;
    EXPECT_EQ(result.kl.max, 0.0) << result.name;
    EXPECT_EQ(result.top1_agreement, 1.0) << result.name;
  }
}

TEST(Evaluator, BatchSizeAndThreadsDoNotMatter) {
  const MarkovText text(kVocabulary, 3);
  auto windows = text.windows(9, 33, 4);
  windows.back().tokens.resize(12);  // a shorter window at the end
  windows.back().bytes_scored = 11;
  const auto error = noise(kVocabulary * kVocabulary, 0.1F);
  const std::vector<EvaluatedModel> models = {{"a", text.model()}, {"b", text.model(error)}};
  const Evaluation expected = evaluate(models, windows, {.batch_tokens = 1})[1];
  const int threads = thread_count();
  for (const int n : {1, 2, 5}) {
    set_thread_count(n);
    const Evaluation result = evaluate(models, windows, {.batch_tokens = 100})[1];
    EXPECT_EQ(result.nll, expected.nll);
    EXPECT_EQ(result.kl.mean, expected.kl.mean);
    EXPECT_EQ(result.kl.p99, expected.kl.p99);
    EXPECT_EQ(result.accuracy, expected.accuracy);
    EXPECT_EQ(result.scored_tokens, 8 * 32 + 11);
  }
  set_thread_count(threads);
}

TEST(Evaluator, OnlyScoredTokensCount) {
  const MarkovText text(kVocabulary, 3);
  auto windows = text.windows(1, 9, 4);
  const std::vector<EvaluatedModel> models = {{"truth", text.model()}};
  windows[0].first_scored = 5;  // of predictions 0 ... 7
  windows[0].bytes_scored = 5;
  const Evaluation result = evaluate(models, windows).front();
  double expected = 0;
  for (const std::size_t t : {6, 7, 8}) {
    expected -= std::log(
        text.p(static_cast<std::size_t>(windows[0].tokens[t - 1]), static_cast<std::size_t>(windows[0].tokens[t])));
  }
  constexpr double kFloatLogits = 1e-6;
  EXPECT_EQ(result.scored_tokens, 3);
  EXPECT_NEAR(result.nll, expected / 3, kFloatLogits);
  EXPECT_NEAR(result.bits_per_byte, expected / 5 / std::numbers::ln2, kFloatLogits);
}

TEST(Evaluator, NamesTheModelWhoseLogitsAreNotFinite) {
  const MarkovText text(kVocabulary, 3);
  auto error = noise(kVocabulary * kVocabulary, 0.0F);
  std::fill(error.begin(), error.end(), std::numeric_limits<float>::quiet_NaN());
  const std::vector<EvaluatedModel> models = {{"fp32", text.model()}, {"int2", text.model(error)}};
  try {
    evaluate(models, text.windows(1, 9, 4));
    FAIL() << "expected an error";
  } catch (const Error& caught) {
    EXPECT_EQ(caught.kind(), ErrorKind::run);
    EXPECT_THAT(caught.what(), AllOf(HasSubstr("\"int2\""), HasSubstr("finite"), HasSubstr("nan")));
  }
}

TEST(Evaluator, RefusesWhatItCannotScore) {
  const MarkovText text(kVocabulary, 3);
  const std::vector<EvaluatedModel> models = {{"fp32", text.model()}};
  const auto windows = text.windows(1, 9, 4);
  EXPECT_THROW(evaluate({}, windows), Error);
  EXPECT_THROW(evaluate(models, {}), Error);

  auto unscored = windows;
  unscored[0].first_scored = 8;
  EXPECT_THROW(evaluate(models, unscored), Error);

  const MarkovText other(8, 3);
  const std::vector<EvaluatedModel> mixed = {{"fp32", text.model()},
                                             {"other", [](const Tensor& ids) {
                                                return Tensor::zeros({ids.dim(0), ids.dim(1), 8});
                                              }}};
  try {
    evaluate(mixed, windows);
    FAIL() << "expected an error";
  } catch (const Error& caught) {
    EXPECT_THAT(caught.what(), AllOf(HasSubstr("\"other\""), HasSubstr("16"), HasSubstr("8")));
  }
}

}  // namespace
}  // namespace octet::evaluator_test
