#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/lab_frame.h"
#include "text/bpe_trainer.h"
#include "text/sources/source_config.h"

namespace octet {

/// A configuration of the entropy lab: `octet run configs/labs/entropy.yaml`. Each source is a run of its own with the
/// sections that they share.
struct EntropyLabConfig {
  std::string name = "entropy-lab";  ///< of its folder, runs/NAME
  DeviceKind device = DeviceKind::cpu;
  cuda::MathMode math = cuda::MathMode::fp32;
  std::int64_t symbols = 2'000'000;  ///< of the text of each source
  std::vector<SourceConfig> sources;
  GptConfig model = {.vocabulary = kSmallestVocabulary};  ///< a token is a byte, which is a symbol
  TrainConfig train;
  std::vector<Recipe> quantize;
  EvalConfig eval;

  template <class V>
  void visit(V& v) {
    v("name", name, not_empty());
    v("device", device);
    v("math", math);
    v("symbols", symbols, in_range(1, 1 << 28));
    v("sources", sources, required(), not_empty());
    v("model", model);
    v("train", train);
    v("quantize", quantize);
    v("eval", eval);
  }
  void validate(Problems& problems) const;
};

/// A configuration of the lab with the folder it writes to.
struct EntropyLabRun {
  EntropyLabConfig config;
  std::filesystem::path folder;

  /// The text of a source.
  std::filesystem::path text_file(const SourceConfig& source) const {
    return folder / "sources" / (source.name + ".txt");
  }
  /// The run on its text.
  Run run_of(const SourceConfig& source) const;
  /// The lab with all its runs, in their order.
  LabFrame frame() const;
};

/// Reads what is_entropy_lab(), as read_run() reads a run.
EntropyLabRun read_entropy_lab(const CommonOptions& common, const ConfigArguments& arguments,
                               const ConfigSource& source);

}  // namespace octet
