#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "eval/score/interval.h"
#include "report/charts/charts.h"
#include "report/run/report.h"

namespace octet {

// Several runs side by side, and which of their numbers may be compared at all.

/// A finished run that is to be compared.
struct FinishedRun {
  std::string place;  ///< the folder or file that was named
  Report report;
};

/// Where the numbers of a run come from.
struct ComparedRun {
  std::string run;  ///< its name, with the place where two have the same one
  std::string place;
  ReportCorpus corpus;
  ReportMachine machine;
  ReportProtocol protocol;
  std::string octet_version, commit, created;

  template <class V>
  void visit(V& v) {
    v("run", run);
    v("place", place);
    v("corpus", corpus);
    v("machine", machine);
    v("protocol", protocol);
    v("octet_version", octet_version);
    v("commit", commit);
    v("created", created);
  }
};

/// A row of the table: what ReportModel says of a model, by the same names.
struct ComparedModel {
  std::string run, name;
  double bits_per_weight = kNotMeasured;
  std::int64_t file_bytes = 0;
  double perplexity = kNotMeasured;
  Interval ppl_increase;  ///< against FP32 of the same run
  double bits_per_byte = kNotMeasured;
  double kl_mean = kNotMeasured, top1_agreement = kNotMeasured;  ///< against FP32 of the same run
  double prefill_tokens_per_s = kNotMeasured, decode_tokens_per_s = kNotMeasured;

  template <class V>
  void visit(V& v) {
    v("run", run);
    v("name", name);
    v("bits_per_weight", bits_per_weight, allow_nonfinite());
    v("file_bytes", file_bytes);
    v("perplexity", perplexity, allow_nonfinite());
    v("ppl_increase", ppl_increase);
    v("bits_per_byte", bits_per_byte, allow_nonfinite());
    v("kl_mean", kl_mean, allow_nonfinite());
    v("top1_agreement", top1_agreement, allow_nonfinite());
    v("prefill_tokens_per_s", prefill_tokens_per_s, allow_nonfinite());
    v("decode_tokens_per_s", decode_tokens_per_s, allow_nonfinite());
  }
};

/// Something that runs do not share.
struct RunDifference {
  std::string key;
  std::vector<std::string> values;  ///< one for each run

  template <class V>
  void visit(V& v) {
    v("key", key);
    v("values", values);
  }
};

/// Whether numbers of one kind mean the same in all runs.
struct Comparability {
  std::string numbers;    ///< "perplexity"
  std::string condition;  ///< what must agree, in words
  bool comparable = false;
  std::vector<std::vector<std::string>> groups;  ///< runs whose numbers may be compared among themselves
  std::vector<RunDifference> differences;        ///< empty where all are in one group

  template <class V>
  void visit(V& v) {
    v("numbers", numbers);
    v("condition", condition);
    v("comparable", comparable);
    v("groups", groups);
    v("differences", differences);
  }
};

/// What the configuration of a run has otherwise than that of the first run.
struct ConfigDifferences {
  std::string run;
  std::vector<std::string> lines;  ///< "train.steps: 800 -> 1600"

  template <class V>
  void visit(V& v) {
    v("run", run);
    v("lines", lines);
  }
};

/// What `octet compare` prints; --json prints it as a record.
struct RunComparison {
  std::vector<ComparedRun> runs;
  std::vector<ComparedModel> models;  ///< of all runs, in their order
  std::vector<Comparability> comparability;
  std::vector<ConfigDifferences> config;  ///< of every run but the first; filled by who can read configurations
  std::vector<Chart> charts;
  std::vector<std::string> notices;

  template <class V>
  void visit(V& v) {
    v("runs", runs);
    v("models", models);
    v("comparability", comparability);
    v("config", config);
    v("charts", charts);
    v("notices", notices);
  }
};

/// Puts the models of all runs into one table and finds out which numbers may be compared:
///
///     perplexity          same text, split, tokenizer (bytes per token, tokens of the test part), context, stride and
///                         scored tokens
///     bits per byte       same text and split, the same share of it scored
///     change, KL, same    as perplexity, beside the same FP32 weights
///     speed               same processor, instructions, GPU, backend and threads
///
/// `config` stays empty. Errors: config for fewer than two runs.
RunComparison compare_runs(std::span<const FinishedRun> runs);

/// The table and the sentences for a terminal.
std::string comparison_table(const RunComparison& comparison);

/// Draws quality against size of all models into folder/charts; what cannot be drawn becomes a notice. Quality is the
/// perplexity where that may be compared, else its change against FP32 of the same run.
void draw_comparison(RunComparison& comparison, const std::filesystem::path& folder);

/// Writes compare.md and compare.html, with pictures of folder/charts, each whole or not at all.
void write_comparison(const std::filesystem::path& folder, const RunComparison& comparison);

/// The parts of write_comparison.
std::string comparison_markdown(const RunComparison& comparison);
std::string comparison_html(const RunComparison& comparison, const std::filesystem::path& folder);

}  // namespace octet
