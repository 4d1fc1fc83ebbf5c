#include "base/progress.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/core.h>
#include <unistd.h>

#include "base/format.h"
#include "base/terminal.h"
#include "base/text_columns.h"

namespace octet {
namespace {

// A terminal is redrawn as often as the eye follows; a log file should stay short.
constexpr double kTerminalInterval = 0.1;
constexpr double kLogInterval = 5.0;

bool understands_rewriting(std::FILE* out) {
  const char* term = std::getenv("TERM");
  return isatty(fileno(out)) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

/// Ignores failures, which fmt::print would throw: a closed terminal or a full disk behind stderr is no reason to end a
/// job before it has saved.
void write(std::FILE* out, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

std::chrono::duration<double> steady_seconds() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

TerminalProgress::TerminalProgress(std::FILE* out)
    : TerminalProgress(out, understands_rewriting(out), steady_seconds) {}

TerminalProgress::TerminalProgress(std::FILE* out, bool rewrites, Clock clock)
    : out_(out), rewrites_(rewrites), clock_(std::move(clock)) {}

TerminalProgress::~TerminalProgress() {
  // A job that ended by an exception leaves its last line readable, and the error starts on a new
  // one.
  if (line_is_open_) {
    std::fputc('\n', out_);
    std::fflush(out_);
  }
}

void TerminalProgress::update(const ProgressUpdate& update) {
  const bool first = !task_ || task_->name != update.task;
  begin_if_new(update);
  const double interval = rewrites_ ? kTerminalInterval : kLogInterval;
  if (first || now() - shown_at_ >= interval) {
    show(text(update));
  }
}

void TerminalProgress::finish(const ProgressUpdate& last) {
  begin_if_new(last);
  const double elapsed = now() - task_->start;
  clear_line();
  write(out_, fmt::format("{}  {}\n", text(last), format_duration(elapsed)));
  task_.reset();
}

void TerminalProgress::note(std::string_view line) {
  clear_line();
  write(out_, fmt::format("{}\n", one_line(line)));
}

void TerminalProgress::begin_if_new(const ProgressUpdate& update) {
  if (!task_ || task_->name != update.task) {
    task_ = Task{std::string(update.task), update.done, now()};
  }
}

std::string TerminalProgress::text(const ProgressUpdate& update) const {
  std::string line = fmt::format("{}  {} {}", one_line(update.task), one_line(update.unit), update.done);
  if (update.total > 0) {
    line += fmt::format("/{}", update.total);
  }
  if (!update.detail.empty()) {
    line += "  " + one_line(update.detail);
  }
  const double elapsed = now() - task_->start;
  const auto done_here = static_cast<double>(update.done - task_->first_done);
  if (done_here <= 0 || elapsed <= 0) {
    return line;
  }
  const double rate = done_here / elapsed;
  line += fmt::format("  {} {}/s", format_count(rate * update.rate_factor), update.rate_unit);
  if (update.total > update.done) {
    const auto left = static_cast<double>(update.total - update.done);
    line += fmt::format("  ETA {}", format_duration(left / rate));
  }
  return line;
}

void TerminalProgress::show(const std::string& line) {
  shown_at_ = now();
  if (!rewrites_) {
    write(out_, line + "\n");
  } else {
    // A line that wraps could not be rewritten, so it is cut at the last column.
    write(out_, fmt::format("\r{}\x1b[K", line.substr(0, terminal_columns(out_) - 1)));
    line_is_open_ = true;
  }
}

void TerminalProgress::clear_line() {
  if (line_is_open_) {
    std::fputs("\r\x1b[K", out_);
    line_is_open_ = false;
  }
}

}  // namespace octet
