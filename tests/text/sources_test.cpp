#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "text/sources/entropy_rate.h"
#include "text/sources/grammar.h"
#include "text/sources/random_sources.h"
#include "text/sources/source_config.h"
#include "text/sources/source_reader.h"

namespace octet::sources_test {
namespace {

constexpr double kRounding = 1e-14;  // measured: 4.4e-16

/// Sums of a few thousand terms that are equal by a theorem.
constexpr double kSummed = 1e-13;  // measured: 2.3e-15

double surprise(double p) {
  return p > 0 ? -p * std::log(p) : 0.0;
}

/// H(Y_1 ... Y_n) by the probabilities of all texts of n symbols, without the formulas of entropy_rate.
double block_entropy(const SymbolSource& source, int n, const std::string& text = "") {
  if (n == 0) return surprise(std::exp(-text_nats(source, text)));
  double sum = 0;
  SourceReader reader(source);
  for (const char c : text) reader.read(source.symbols().find(c));
  const std::vector<double> next = reader.next();
  for (std::size_t k = 0; k < next.size(); ++k) {
    if (next[k] > 0) sum += block_entropy(source, n - 1, text + source.symbols()[k]);
  }
  return sum;
}

/// a -> b with 0.3, b -> a with 0.1.
SymbolSource two_symbols() {
  return {"ab", {{{0, 0, 7}, {1, 1, 3}}, {{0, 0, 1}, {1, 1, 9}}}};
}

std::vector<GrammarRule> animals() {
  return {{"sentence", 3, "the <animal> <verb>."},
          {"sentence", 1, "it <verb>."},
          {"animal", 2, "cat"},
          {"animal", 1, "cow"},
          {"animal", 1, "horse"},
          {"verb", 1, "runs"},
          {"verb", 1, "ran"}};
}

TEST(Sources, AChainOfTwoSymbolsHasTheEntropyThatOneComputesByHand) {
  const SymbolSource source = two_symbols();
  EXPECT_NEAR(source.stationary()[0], 0.25, kRounding);
  const double expected = 0.25 * (surprise(0.7) + surprise(0.3)) + 0.75 * (surprise(0.1) + surprise(0.9));
  EXPECT_NEAR(entropy_rate(source).low, expected, kRounding);
  EXPECT_NEAR(entropy_rate(source).high, expected, kRounding);
}

TEST(Sources, TheStationaryDistributionStaysAsItIs) {
  const SymbolSource source = markov_source(3, 4, 2.0, 5);
  ASSERT_EQ(source.states(), 81u);
  std::vector<double> after(source.states(), 0.0);
  double sum = 0;
  for (std::size_t s = 0; s < source.states(); ++s) {
    sum += source.stationary()[s];
    for (const SourceStep& step : source.steps(s)) {
      after[static_cast<std::size_t>(step.to)] += source.stationary()[s] * step.probability;
    }
  }
  EXPECT_NEAR(sum, 1.0, kRounding);
  for (std::size_t s = 0; s < after.size(); ++s) EXPECT_NEAR(after[s], source.stationary()[s], kRounding);
}

TEST(Sources, BeyondItsOrderEachSymbolOfAChainAddsTheEntropyRate) {
  for (const std::int64_t order : {1, 2, 3}) {
    const SymbolSource source = markov_source(3, order, 1.5, 7);
    const int n = static_cast<int>(order) + 2;
    EXPECT_NEAR(block_entropy(source, n) - block_entropy(source, n - 1), entropy_rate(source).middle(), kSummed);
  }
}

TEST(Sources, AGrammarHasTheEntropyOfASentenceOverItsLength) {
  // All sentences with their probabilities, written out.
  std::map<std::string, double> sentences;
  for (const auto& [verb, p] : {std::pair("runs", 0.5), std::pair("ran", 0.5)}) {
    for (const auto& [animal, q] : {std::pair("cat", 0.5), std::pair("cow", 0.25), std::pair("horse", 0.25)}) {
      sentences[std::string("the ") + animal + " " + verb + ".\n"] = 0.75 * q * p;
    }
    sentences[std::string("it ") + verb + ".\n"] = 0.25 * p;
  }
  double entropy = 0, length = 0;
  for (const auto& [sentence, p] : sentences) {
    entropy += surprise(p);
    length += p * static_cast<double>(sentence.size());
  }
  const SymbolSource source = grammar_source(animals());
  EXPECT_NEAR(entropy_rate(source).middle(), entropy / length, kRounding);
  EXPECT_EQ(entropy_rate(source).low, entropy_rate(source).high);

  // Behind a whole sentence the reader knows where it is, so the next sentence has exactly its probability.
  for (const auto& [sentence, p] : sentences) {
    EXPECT_NEAR(text_nats(source, "it ran.\n" + sentence) - text_nats(source, "it ran.\n"), -std::log(p), kRounding);
  }
}

TEST(Sources, AHiddenChainOfEqualRowsWritesIndependentSymbols) {
  // Each state goes to state 0 with 0.2 and to state 1 with 0.8; they write a with 0.9 and 0.3: so P(a) = 0.42, always.
  std::vector<SourceStep> row;
  for (const auto& [to, moves, a] : {std::tuple(0, 0.2, 0.9), std::tuple(1, 0.8, 0.3)}) {
    row.push_back({to, 0, moves * a});
    row.push_back({to, 1, moves * (1 - a)});
  }
  const EntropyBounds bounds = entropy_rate({"ab", {row, row}}, 256);
  EXPECT_NEAR(bounds.low, surprise(0.42) + surprise(0.58), kSummed);
  EXPECT_NEAR(bounds.high, surprise(0.42) + surprise(0.58), kSummed);
}

TEST(Sources, BoundsOfAHiddenChainCloseInOnTheEntropy) {
  const SymbolSource source = hidden_markov_source(3, 3, 1.5, 2);
  ASSERT_TRUE(ambiguous_text(source));
  EntropyBounds last = {0, std::log(3.0)};
  for (const std::int64_t texts : {1, 3, 27, 2187}) {
    const EntropyBounds bounds = entropy_rate(source, texts);
    EXPECT_LT(bounds.low, bounds.high);
    EXPECT_GT(bounds.low, last.low);
    EXPECT_LT(bounds.high, last.high);
    last = bounds;
  }
  EXPECT_NEAR(entropy_rate(source, 81).high, block_entropy(source, 5) - block_entropy(source, 4), kSummed);
  constexpr double kWidth = 1e-4;  // measured: 1.8e-5
  EXPECT_LT(last.high - last.low, kWidth);
}

TEST(Sources, TheMeanOfALongTextIsTheEntropy) {
  for (const SymbolSource& source :
       {markov_source(8, 2, 1.5, 1), hidden_markov_source(3, 4, 1.5, 1), grammar_source(animals())}) {
    constexpr std::int64_t kParts = 200, kLength = 1000;
    const std::string text = source.generate(kParts * kLength, 3);
    EXPECT_TRUE(text == source.generate(kParts * kLength, 3));
    EXPECT_FALSE(text == source.generate(kParts * kLength, 4));
    double sum = 0, squares = 0;
    for (std::int64_t i = 0; i < kParts; ++i) {
      const double nats = text_nats(source, text.substr(static_cast<std::size_t>(i * kLength), kLength)) / kLength;
      sum += nats;
      squares += nats * nats;
    }
    const double mean = sum / kParts;
    const double sigma = std::sqrt((squares / kParts - mean * mean) / kParts);
    constexpr double kStart = 0.005;  // a part begins without what came before; measured: up to 0.0024 with it
    EXPECT_NEAR(mean, entropy_rate(source).middle(), 4 * sigma + kStart);
    EXPECT_LT(sigma, 0.005);  // measured: up to 0.0023
  }
}

TEST(Sources, AReaderPredictsWhatItThenReads) {
  const SymbolSource source = grammar_source(animals());
  SourceReader reader(source);
  for (const char c : source.generate(500, 1)) {
    const std::vector<double> next = reader.next();
    double sum = 0;
    for (const double p : next) sum += p;
    EXPECT_NEAR(sum, 1.0, kRounding);
    const std::size_t symbol = source.symbols().find(c);
    EXPECT_NEAR(reader.read(symbol), next[symbol], kRounding);
  }
  EXPECT_THROW(text_nats(source, "xyz"), Error);
  EXPECT_THROW(text_nats(source, "it cat"), Error);
}

TEST(Sources, ATextOfTwoDerivationsIsFound) {
  EXPECT_FALSE(ambiguous_text(two_symbols()));
  EXPECT_FALSE(ambiguous_text(grammar_source(animals())));
  EXPECT_TRUE(ambiguous_text({"a", {{{0, 0, 1}, {0, 0, 1}}}}));
}

std::string refusal_of(const std::vector<GrammarRule>& rules) {
  try {
    grammar_source(rules);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    return error.what();
  }
  return "";
}

TEST(Sources, AGrammarThatIsNoneSaysWhy) {
  using testing::HasSubstr;
  EXPECT_THAT(refusal_of({}), HasSubstr("expected rules of a grammar, got none"));
  EXPECT_THAT(refusal_of({{"s", 1, "<animl>"}, {"animal", 1, "cat"}}), HasSubstr("did you mean \"animal\"?"));
  EXPECT_THAT(refusal_of({{"s", 1, "a<s>"}, {"s", 1, "b"}}), HasSubstr("one in which <s> does"));
  EXPECT_THAT(refusal_of({{"s", 1, "<a"}}), HasSubstr("expected a > behind <"));
  EXPECT_THAT(refusal_of({{"s", 1, "caf\xc3\xa9"}}), HasSubstr("the byte 195"));
  EXPECT_THAT(refusal_of({{"s", 1, "two\nlines"}}), HasSubstr("the byte 10"));
  EXPECT_THAT(refusal_of({{"s", 1, std::string(2000, 'a')}}), HasSubstr("at most 1024 places"));
  EXPECT_THAT(refusal_of({{"s", 1, "<x><y>"}, {"x", 1, "a"}, {"x", 1, "ab"}, {"y", 1, "bc"}, {"y", 1, "c"}}),
              HasSubstr("two of \"abc\""));
}

TEST(Sources, NamesThatDoubleAtEveryLevelTakeNoTime) {
  std::vector<GrammarRule> rules;
  for (int i = 0; i < 70; ++i) {
    const std::string name = "n" + std::to_string(i), next = "<n" + std::to_string(i + 1) + ">";
    rules.push_back({name, 1, next});
    rules.push_back({name, 1, next});
  }
  EXPECT_THAT(refusal_of(rules), testing::HasSubstr("64 deep"));
  rules.resize(60);
  rules.push_back({"n30", 1, "a"});
  EXPECT_THAT(refusal_of(rules), testing::HasSubstr("4096 ways to begin"));
}

TEST(Sources, ASourceThatCannotBeIsRefused) {
  EXPECT_THROW(markov_source(26, 3, 1, 1), Error);
  EXPECT_THROW(SymbolSource("ab", {{{1, 0, 1}}, {{1, 1, 1}}}), Error);  // never comes back to state 0
  EXPECT_THROW(SymbolSource("ab", {{{0, 0, -1}}}), Error);
  EXPECT_THROW(SymbolSource("aa", {{{0, 0, 1}}}), Error);
}

}  // namespace
}  // namespace octet::sources_test
