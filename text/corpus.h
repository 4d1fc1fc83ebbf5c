#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/rules.h"
#include "text/text_split.h"

namespace octet {

struct CorpusConfig {
  std::string path;                      ///< a text file, or a folder of them
  std::string name;                      ///< for reports; left empty: the file's name without its ending
  std::int64_t block_bytes = 16 * 1024;  ///< what train, calibration and test are dealt out in
  double calibration_fraction = 0.05;    ///< of the bytes: for quantization methods that look at activations
  double test_fraction = 0.1;            ///< of the bytes: for evaluation
  std::uint64_t seed = 1;                ///< decides which blocks go where

  template <class V>
  void visit(V& v) {
    v("path", path, not_empty());
    v("name", name);
    v("block_bytes", block_bytes, at_least(64));
    v("calibration_fraction", calibration_fraction, in_range(0.0, 0.5));
    v("test_fraction", test_fraction, in_range(0.0, 0.5));
    v("seed", seed);
  }
};

/// What decides who learns from which bytes, as a checkpoint keeps it. Stages that come later split the text again:
/// with another record they would test a model on what it was trained on.
struct SplitRecord {
  std::int64_t block_bytes = 0;
  double calibration_fraction = 0.0;
  double test_fraction = 0.0;
  std::uint64_t seed = 0;
  std::string train_sha256;  ///< of the training part: the length and the bytes of every run

  template <class V>
  void visit(V& v) {
    v("block_bytes", block_bytes, required());
    v("calibration_fraction", calibration_fraction, required());
    v("test_fraction", test_fraction, required());
    v("seed", seed, required());
    v("train_sha256", train_sha256, required());
  }
};

/// A text and its split into train, calibration and test (see `deal_blocks`).
struct Corpus {
  std::string name;
  std::string path;
  std::string text;    ///< all files, one after the other
  std::string sha256;  ///< of the whole text
  TextSplit split;
  std::int64_t test_bytes_seen = 0;  ///< of the test part, in passages that training has too (text/seen_text.h)
  std::vector<std::string> files;
  std::vector<std::string> left_out;  ///< files of the folder that are not text, with the reason

  std::string_view bytes(TextRun run) const {
    return std::string_view(text).substr(static_cast<std::size_t>(run.begin), static_cast<std::size_t>(run.size()));
  }
};

/// Reads and splits. Texts of less than 20 blocks are cut into smaller blocks, so that each part gets some.
/// Errors: those of `read_text_files`; (input) a text too short for three blocks; (config) fractions that leave nothing
/// to train on.
Corpus load_corpus(const CorpusConfig& config);

/// What of the record is known before the text is: all but `train_sha256`, which stays empty.
SplitRecord split_settings(const CorpusConfig& config);
SplitRecord record_split(const CorpusConfig& config, const Corpus& corpus);

/// Error (input) with the figures unless train, calibration and test have room for a window of `context` + 1 tokens,
/// a token being a byte at least. Says before any training what `check_corpus_fits` for tokens says for sure.
void check_corpus_fits(const Corpus& corpus, std::int64_t context);

}  // namespace octet
