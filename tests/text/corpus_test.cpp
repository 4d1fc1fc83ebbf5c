#include "text/corpus.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/config/config.h"
#include "base/error.h"
#include "base/sha256.h"
#include "text/tokenized_corpus.h"

namespace octet::corpus_test {
namespace {

std::string story(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) {
    text += "On day " + std::to_string(i) + " the fox met the dog, and they spoke of the moon.\n";
  }
  return text;
}

class CorpusTest : public testing::Test {
 protected:
  ~CorpusTest() override { std::filesystem::remove(path_); }

  CorpusConfig config_for(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    CorpusConfig config;
    config.path = path_;
    return config;
  }

  std::string path_ = testing::TempDir() + "octet_corpus_" + std::to_string(getpid()) + "_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name() + ".txt";
};

void expect_error(ErrorKind kind, const std::string& message, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    EXPECT_THAT(error.what(), testing::HasSubstr(message));
  }
}

TEST_F(CorpusTest, HoldsTheTextItsHashAndItsParts) {
  const std::string text = story(5000);
  CorpusConfig config = config_for(text);
  config.block_bytes = 2000;
  const Corpus corpus = load_corpus(config);
  EXPECT_EQ(corpus.text, text);
  EXPECT_EQ(corpus.sha256, sha256_hex(text));
  EXPECT_EQ(corpus.name + ".txt", std::filesystem::path(path_).filename().string());
  std::int64_t test_bytes = 0;
  for (const TextRun& run : corpus.split.test) {
    test_bytes += run.size();
    EXPECT_THAT(std::string(corpus.bytes(run)), testing::StartsWith("On day "));
  }
  const double share = static_cast<double>(test_bytes) / static_cast<double>(text.size());
  EXPECT_NEAR(share, config.test_fraction, 0.005);  // half a block of the 150 is 0.0033
}

TEST_F(CorpusTest, AGivenNameIsKept) {
  CorpusConfig config = config_for(story(100));
  config.name = "tale";
  EXPECT_EQ(load_corpus(config).name, "tale");
}

TEST_F(CorpusTest, ASmallTextIsCutIntoSmallBlocks) {
  const Corpus corpus = load_corpus(config_for(story(50)));
  EXPECT_FALSE(corpus.split.train.empty());
  EXPECT_FALSE(corpus.split.calibration.empty());
  EXPECT_FALSE(corpus.split.test.empty());
}

TEST_F(CorpusTest, TheSmallestTextThatCanBeSplit) {
  std::string text;
  for (const char c : {'a', 'b', 'c', 'd'}) text += std::string(64, c);
  EXPECT_NO_THROW(load_corpus(config_for(text)));
}

TEST_F(CorpusTest, RefusesATextOfEqualBlocks) {
  expect_error(ErrorKind::input, "3 blocks of text, of which 2 differ, are too few to split",
               [&] { load_corpus(config_for(std::string(256, 'x'))); });
}

TEST_F(CorpusTest, RefusesATextThatCannotBeSplit) {
  expect_error(ErrorKind::input, ": 6 bytes are too few to split into train, calibration and test; expected 256",
               [&] { load_corpus(config_for("short\n")); });
}

TEST_F(CorpusTest, RefusesFractionsThatLeaveNothing) {
  CorpusConfig config = config_for(story(100));
  config.test_fraction = 0.5;
  config.calibration_fraction = 0.5;
  expect_error(ErrorKind::config, "calibration_fraction 0.5 and test_fraction 0.5 leave nothing",
               [&] { load_corpus(config); });
}

TEST_F(CorpusTest, RefusesATextShorterThanAWindow) {
  const Corpus corpus = load_corpus(config_for(story(50)));
  EXPECT_NO_THROW(check_corpus_fits(corpus, 16));
  expect_error(ErrorKind::input, path_ + ": too short for a context of 4096 tokens: the longest stretch of the train",
               [&] { check_corpus_fits(corpus, 4096); });
}

TEST_F(CorpusTest, TokensOfEachPart) {
  const Corpus corpus = load_corpus(config_for(story(400)));
  const Tokenizer tokenizer(train_bpe(corpus, 400));
  const TokenizedCorpus tokens = tokenize(corpus, tokenizer);
  EXPECT_EQ(tokens.train.bytes + tokens.calibration.bytes + tokens.test.bytes,
            static_cast<std::int64_t>(corpus.text.size()));
  ASSERT_EQ(tokens.test.runs.size(), corpus.split.test.size());
  EXPECT_EQ(tokenizer.decode(tokens.test.runs[0]), corpus.bytes(corpus.split.test[0]));
  std::int64_t count = 0;
  for (const auto& run : tokens.train.runs) count += static_cast<std::int64_t>(run.size());
  EXPECT_EQ(tokens.train.tokens, count);
  EXPECT_GT(tokens.bytes_per_token(), 2.0);
  EXPECT_DOUBLE_EQ(tokens.bytes_per_token() *
                       static_cast<double>(tokens.train.tokens + tokens.calibration.tokens + tokens.test.tokens),
                   static_cast<double>(corpus.text.size()));
}

TEST_F(CorpusTest, TheVocabularyIsLearntFromTheTrainingPartAlone) {
  // The test part is overwritten by words that occur nowhere else; the vocabulary stays the same.
  CorpusConfig config = config_for(story(400));
  Corpus corpus = load_corpus(config);
  const Vocabulary before = train_bpe(corpus, 350);
  for (const TextRun& run : corpus.split.test) {
    for (auto i = run.begin; i < run.end; ++i) corpus.text[static_cast<std::size_t>(i)] = 'q';
  }
  EXPECT_EQ(train_bpe(corpus, 350), before);
}

TEST_F(CorpusTest, RefusesTooFewTokensForAWindow) {
  const Corpus corpus = load_corpus(config_for(story(400)));
  const TokenizedCorpus tokens = tokenize(corpus, Tokenizer(train_bpe(corpus, 400)));
  EXPECT_NO_THROW(check_corpus_fits(tokens, 64));
  expect_error(ErrorKind::input, path_ + ": too short for a context of 100000 tokens: the longest stretch of the train",
               [&] { check_corpus_fits(tokens, 100000); });
}

TEST(CorpusConfig, IsReadStrictly) {
  const auto config = parse_config<CorpusConfig>("path: a.txt\ntest_fraction: 0.2\n", "c.yaml");
  EXPECT_EQ(config.path, "a.txt");
  EXPECT_EQ(config.test_fraction, 0.2);
  expect_error(ErrorKind::config, "test_fraction",
               [] { parse_config<CorpusConfig>("path: a.txt\ntest_fraction: 0.6\n", "c.yaml"); });
}

}  // namespace
}  // namespace octet::corpus_test
