#include "text/corpus.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/sha256.h"
#include "text/seen_text.h"
#include "text/text_files.h"

namespace octet {

namespace {

constexpr std::int64_t kFewestBlocks = 20;
constexpr std::int64_t kSmallestBlock = 64;

std::string name_of(const CorpusConfig& config) {
  if (!config.name.empty()) return config.name;
  const std::filesystem::path path = std::filesystem::path(config.path).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).stem().string();
}

TextSplit split_text(const CorpusConfig& config, const TextFiles& files) {
  const auto size = static_cast<std::int64_t>(files.text.size());
  const std::int64_t block = std::clamp(size / kFewestBlocks, kSmallestBlock, config.block_bytes);
  const auto blocks = cut_blocks(files.text, files.ends, block);
  if (blocks.size() < 3) {
    fail(ErrorKind::input, "{}: {} bytes are too few to split into train, calibration and test; expected {} at least",
         config.path, size, 4 * kSmallestBlock);
  }
  TextSplit split =
      deal_blocks(files.text, blocks, files.ends, config.calibration_fraction, config.test_fraction, config.seed);
  if (split.distinct_blocks < 3) {
    fail(ErrorKind::input,
         "{}: {} blocks of text, of which {} differ, are too few to split into train, calibration and test: equal "
         "blocks "
         "belong to one part",
         config.path, blocks.size(), split.distinct_blocks);
  }
  if (split.train.empty() || split.calibration.empty()) {
    fail(ErrorKind::config,
         "corpus: calibration_fraction {} and test_fraction {} leave nothing of the {} bytes of {} to train on",
         config.calibration_fraction, config.test_fraction, size, config.path);
  }
  return split;
}

}  // namespace

Corpus load_corpus(const CorpusConfig& config) {
  TextFiles files = read_text_files(config.path);
  Corpus corpus;
  corpus.name = name_of(config);
  corpus.path = config.path;
  corpus.split = split_text(config, files);
  corpus.test_bytes_seen = seen_bytes(files.text, corpus.split.train, corpus.split.test);
  corpus.sha256 = sha256_hex(files.text);
  corpus.text = std::move(files.text);
  corpus.files = std::move(files.names);
  corpus.left_out = std::move(files.left_out);
  return corpus;
}

SplitRecord split_settings(const CorpusConfig& config) {
  SplitRecord record;
  record.block_bytes = config.block_bytes;
  record.calibration_fraction = config.calibration_fraction;
  record.test_fraction = config.test_fraction;
  record.seed = config.seed;
  return record;
}

SplitRecord record_split(const CorpusConfig& config, const Corpus& corpus) {
  Sha256 digest;
  for (const TextRun& run : corpus.split.train) {
    digest.update(std::to_string(run.size()) + "\n");
    digest.update(corpus.bytes(run));
  }
  SplitRecord record = split_settings(config);
  record.train_sha256 = digest.hex();
  return record;
}

void check_corpus_fits(const Corpus& corpus, std::int64_t context) {
  const std::pair<const char*, const std::vector<TextRun>*> parts[] = {
      {"train", &corpus.split.train}, {"calibration", &corpus.split.calibration}, {"test", &corpus.split.test}};
  for (const auto& [part, runs] : parts) {
    std::int64_t longest = 0;
    for (const TextRun& run : *runs) longest = std::max(longest, run.size());
    if (longest > context) continue;
    fail(ErrorKind::input,
         "{}: too short for a context of {} tokens: the longest stretch of the {} part has {} of the {} bytes; "
         "expected at least {}",
         corpus.path, context, part, longest, corpus.text.size(), context + 1);
  }
}

}  // namespace octet
