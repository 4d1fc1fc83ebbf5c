#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace octet {

/// How far a long job is. `total` <= 0 means unknown.
struct ProgressUpdate {
  std::string_view task;           ///< "train"
  std::string_view unit = "step";  ///< what `done` and `total` count
  std::int64_t done = 0;
  std::int64_t total = 0;
  std::string detail = {};              ///< free text such as "loss 2.131"
  std::string_view rate_unit = "step";  ///< what the rate counts, for example "tokens"
  double rate_factor = 1;               ///< how many rate units one `done` is, for example tokens per step
};

/// Where a long job reports; the library itself never prints. Report from one thread, starting with
/// `done` at its first value (0, or the step resumed from), so that rate and time left count only
/// what was done here.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;

  /// May be called as often as wanted; the sink thins out.
  virtual void update(const ProgressUpdate& update) = 0;

  /// The task is over (complete or stopped early).
  virtual void finish(const ProgressUpdate& last) = 0;

  /// A line of its own that stays, for example a checkpoint that was written.
  virtual void note(std::string_view line) = 0;
};

/// Says nothing: tests and `--quiet`.
class NullProgress final : public ProgressSink {
 public:
  void update(const ProgressUpdate&) override {}
  void finish(const ProgressUpdate&) override {}
  void note(std::string_view) override {}
};

/// For a parameter that callers may leave out.
inline ProgressSink& no_progress() {
  static NullProgress none;
  return none;
}

/// One rewriting line per task on a terminal, plain lines every few seconds elsewhere:
///
///     train  step 420/2000  loss 2.131  10.2k tokens/s  ETA 3m12s
///
/// Writes no colours, so NO_COLOR needs no heed.
class TerminalProgress final : public ProgressSink {
 public:
  using Clock = std::function<std::chrono::duration<double>()>;

  /// Rewrites lines if `out` is a terminal that understands it (TERM is not "dumb").
  explicit TerminalProgress(std::FILE* out);
  TerminalProgress(std::FILE* out, bool rewrites, Clock clock);
  ~TerminalProgress() override;
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;

  void update(const ProgressUpdate& update) override;
  void finish(const ProgressUpdate& last) override;
  void note(std::string_view line) override;

 private:
  struct Task {
    std::string name;
    std::int64_t first_done;
    double start;
  };

  double now() const { return clock_().count(); }
  void begin_if_new(const ProgressUpdate& update);
  std::string text(const ProgressUpdate& update) const;
  void show(const std::string& line);
  void clear_line();

  std::FILE* out_;
  bool rewrites_;
  Clock clock_;
  std::optional<Task> task_;
  double shown_at_ = 0;
  bool line_is_open_ = false;
};

}  // namespace octet
