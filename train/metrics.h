#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/config/problems.h"
#include "base/config/rules.h"

namespace octet {

/// What one training step left behind: a line of `metrics.jsonl`.
struct MetricsRow {
  std::int64_t step = 0;           ///< steps taken, from 1
  std::int64_t tokens = 0;         ///< trained on so far
  double epoch = 0.0;              ///< how often that is the training text
  double loss = 0.0;               ///< of this step's batch, in nats per token
  std::optional<double> val_loss;  ///< on held-out text, in nats per token, where it was measured
  std::optional<double> bpb;       ///< the same in bits per byte
  double lr = 0.0;                 ///< learning rate
  double grad_norm = 0.0;          ///< before clipping
  double ms = 0.0;                 ///< time of the step, without evaluation and saving
  double tok_s = 0.0;              ///< tokens per second of the step
  double rss_mb = 0.0;             ///< resident memory of the process, MiB
  double time = 0.0;               ///< Unix time in seconds

  template <class V>
  void visit(V& v) {
    v("step", step);
    v("tokens", tokens);
    v("epoch", epoch);
    v("loss", loss);
    v("val_loss", val_loss, optional_key());
    v("bpb", bpb, optional_key());
    v("lr", lr);
    v("grad_norm", grad_norm);
    v("ms", ms);
    v("tok_s", tok_s);
    v("rss_mb", rss_mb);
    v("time", time);
  }
  void validate(Problems& problems) const;
};

/// One JSON object in one line, without the line break. Numbers read back to the same bits.
std::string to_json_line(const MetricsRow& row);

/// Rows of a file; a last line without its line break, as a crash may leave one, is dropped. Error (input) naming file
/// and line.
std::vector<MetricsRow> read_metrics(const std::filesystem::path& path);

/// `metrics.jsonl` of a run that goes on: the file always looks as if the run had never been interrupted.
class MetricsLog {
 public:
  /// Keeps the rows of the first `steps_done` steps of an existing file and forgets later ones.
  MetricsLog(std::filesystem::path path, std::int64_t steps_done);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  /// Error (run) where the disk is full.
  void append(const MetricsRow& row);

  /// All rows, kept and appended.
  const std::vector<MetricsRow>& rows() const { return rows_; }

 private:
  std::filesystem::path path_;
  std::vector<MetricsRow> rows_;
  std::FILE* file_ = nullptr;
};

/// Memory of this process that is in RAM now, MiB; 0 where the system does not tell.
double resident_megabytes();

}  // namespace octet
