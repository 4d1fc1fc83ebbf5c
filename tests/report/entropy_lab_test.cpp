#include "report/labs/entropy_lab.h"

#include <cmath>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files/read_file.h"
#include "report/charts/gnuplot.h"
#include "tests/support/temporary_folder.h"
#include "text/bpe_trainer.h"
#include "text/sources/random_sources.h"

namespace octet::entropy_lab_test {
namespace {

using ::testing::HasSubstr;

constexpr double kRounding = 1e-12;  // measured: 2.2e-16

Tokenizer byte_tokenizer() {
  return Tokenizer(train_bpe(std::vector<std::string_view>{"abcd"}, kSmallestVocabulary));
}

/// Two sources that measure a text of the first: itself, and one with other probabilities, which stands for a model.
struct Measured {
  SymbolSource source = markov_source(4, 1, 1.5, 1), other = markov_source(4, 1, 1.5, 2);
  Tokenizer tokenizer = byte_tokenizer();
  EntropySourceResult result;

  Measured() {
    const TokenRuns runs = {tokenizer.encode(source.generate(20'000, 5))};
    EvaluatedModel same = source_model(source, tokenizer), worse = source_model(other, tokenizer);
    same.name = "same";
    worse.name = "worse";
    const std::vector<EvaluatedModel> models = {same, worse};
    result = measure_source(source, entropy_rate(source), tokenizer, models,
                            evaluation_windows(runs, tokenizer, 32, 16), {.resamples = 200}, {}, no_progress());
    result.name = "it's_<1>";
    result.report = "one/report.html";
  }

  /// sum_s pi_s sum_k p_sk ln(p_sk / q_sk), by the probabilities alone.
  double divergence() const {
    double sum = 0;
    for (std::size_t s = 0; s < 4; ++s) {
      for (std::size_t k = 0; k < 4; ++k) {
        const double p = source.steps(s)[k].probability, q = other.steps(s)[k].probability;
        sum += source.stationary()[s] * p * std::log(p / q);
      }
    }
    return sum;
  }
};

const Measured& measured() {
  static const Measured measured;
  return measured;
}

TEST(EntropyLab, TheSourceLosesNothingBesideItself) {
  const EntropyModel& same = measured().result.models.front();
  EXPECT_EQ(same.kl_nats, 0.0);
  EXPECT_EQ(same.excess_on_text.mean, 0.0);
  EXPECT_EQ(same.nll, measured().result.text_nats);
  EXPECT_EQ(same.excess_nats, same.nll - measured().result.true_entropy_nats);
  EXPECT_EQ(measured().result.scored_symbols, 19'999);
  constexpr double kLuck = 0.03;  // four standard deviations of the mean of 20,000 symbols; measured: 0.0002
  EXPECT_NEAR(same.excess_nats, 0.0, kLuck);
}

TEST(EntropyLab, AnotherSourceLosesTheDivergenceOfTheTwo) {
  const EntropyModel& worse = measured().result.models.at(1);
  constexpr double kShare = 0.03;  // of it: how often the text was in each state; measured: 0.0015
  EXPECT_NEAR(worse.kl_nats, measured().divergence(), kShare * measured().divergence());
  EXPECT_TRUE(worse.excess_on_text.contains(worse.kl_nats));
  EXPECT_NEAR(worse.excess_on_text.mean, worse.nll - measured().result.text_nats, kRounding);
  EXPECT_NEAR(worse.model_nats + worse.quantizer_nats, worse.kl_nats, kRounding);
}

TEST(EntropyLab, ATextOfAnotherAlphabetIsRefused) {
  const Tensor ids = Tensor::from<std::int32_t>({measured().tokenizer.encode("z").front()}, {1, 1});
  EXPECT_THROW(source_model(measured().source, measured().tokenizer).logits(ids), Error);
}

TEST(EntropyLab, PagesHoldNumbersChartAndWords) {
  const sample::TemporaryFolder folder;
  EntropyLab lab;
  lab.name = "my <lab>";
  lab.context = 32;
  lab.stride = 16;
  lab.sources = {measured().result, measured().result, measured().result};
  draw_entropy_lab(lab, folder.path());
  write_entropy_lab(folder.path(), lab);
  const std::string html = read_text_file(folder.path() / "entropy.html");
  const std::string markdown = read_text_file(folder.path() / "entropy.md");
  EXPECT_THAT(html, HasSubstr("my &lt;lab&gt;"));
  EXPECT_THAT(html, HasSubstr("it&#39;s_&lt;1&gt;"));
  EXPECT_THAT(markdown, HasSubstr("## it's\\_&lt;1>"));
  for (const std::string& page : {html, markdown, entropy_lab_table(lab)}) {
    EXPECT_THAT(page, HasSubstr(fmt::format("{:.4f}", measured().result.true_entropy_nats)));
    EXPECT_THAT(page, HasSubstr(fmt::format("{:.4f}", measured().result.models.at(1).nll)));
    EXPECT_THAT(page, HasSubstr("of the quantizer"));
  }
  EXPECT_THAT(html, HasSubstr("It costs more with worse."));
  if (charts_available().available) {
    EXPECT_THAT(html, HasSubstr("<svg"));
    EXPECT_THAT(html, HasSubstr("true entropy: the floor"));
  } else {
    EXPECT_THAT(html, HasSubstr("The chart was left out"));
  }
}

}  // namespace
}  // namespace octet::entropy_lab_test
