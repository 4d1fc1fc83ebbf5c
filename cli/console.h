#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/progress.h"
#include "cli/arguments.h"
#include "tensor/storage.h"

namespace octet {

/// Progress on stderr, or nothing with --quiet.
std::unique_ptr<ProgressSink> make_progress(const CommonOptions& common);

/// Error (interrupted) after Ctrl-C, saying that `task` was stopped.
void stop_if_interrupted(std::string_view task);

/// Hands reports on to another sink and stops the job at its next report after Ctrl-C. For stages that write their
/// result at the end; training, which can save what it has, looks itself.
class StopsOnInterrupt final : public ProgressSink {
 public:
  StopsOnInterrupt(std::string_view task, ProgressSink& sink) : task_(task), sink_(sink) {}

  void update(const ProgressUpdate& update) override {
    sink_.update(update);
    stop_if_interrupted(task_);
  }
  void finish(const ProgressUpdate& last) override { sink_.finish(last); }
  void note(std::string_view line) override {
    sink_.note(line);
    stop_if_interrupted(task_);
  }

 private:
  std::string_view task_;
  ProgressSink& sink_;
};

/// "note: ..." on stderr, or nothing with --quiet.
void note(const CommonOptions& common, std::string_view text);

/// The line every long command starts with: version, backend, the GPU where one is used, threads, library for FP32
/// products; with a second line where fewer threads than processors are used.
void print_start(const CommonOptions& common, DeviceKind device);

/// Writes to stdout what shown_text() leaves of `text`; an error where that fails (disk full, closed pipe).
void print(const std::string& text);

/// The same, byte for byte: for JSON, and for what a model writes into a file or pipe.
void print_exactly(const std::string& text);

}  // namespace octet
