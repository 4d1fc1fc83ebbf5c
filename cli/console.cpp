#include "cli/console.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/parallel.h"
#include "base/shown_text.h"
#include "cli/device.h"
#include "tensor/backend.h"

namespace octet {

std::unique_ptr<ProgressSink> make_progress(const CommonOptions& common) {
  if (common.quiet) {
    return std::make_unique<NullProgress>();
  }
  return std::make_unique<TerminalProgress>(stderr);
}

void stop_if_interrupted(std::string_view task) {
  if (interrupt_requested()) {
    fail(ErrorKind::interrupted, "{} was interrupted; the same command starts it again", task);
  }
}

void note(const CommonOptions& common, std::string_view text) {
  if (!common.quiet) {
    fmt::print(stderr, "note: {}\n", shown_text(text));
  }
}

namespace {

/// Why fewer threads work than could; empty where all do.
std::string threads_note() {
  const int threads = thread_count(), processors = hardware_threads();
  if (threads < threads_wanted()) {
    return fmt::format(
        "{} of {} threads were granted (OMP_THREAD_LIMIT, OMP_MAX_ACTIVE_LEVELS or a limit of the system); results are "
        "those of --threads {}",
        threads, threads_wanted(), threads);
  }
  if (processors == 1) {
    return "one thread only: this process may run on one processor";
  }
  if (threads < processors) {
    return fmt::format("using {0} of {1} processors; --threads {1} uses all", threads, processors);
  }
  return {};
}

}  // namespace

void print_start(const CommonOptions& common, DeviceKind device) {
  if (common.quiet) {
    return;
  }
  const Backend& backend = active_backend(device);
  const std::string gpu = gpu_name(device);
  std::string text =
      fmt::format("octet {}  backend {} ({})  threads {}  FP32 products by {}\n", OCTET_VERSION, backend.name,
                  gpu.empty() ? std::string(backend.description) : gpu, thread_count(), product_library(device));
  if (const std::string note = threads_note(); !note.empty()) {
    text += "note: " + note + "\n";
  }
  std::fputs(text.c_str(), stderr);  // that nobody reads it is no reason to stop
}

void print(const std::string& text) {
  print_exactly(shown_text(text));
}

void print_exactly(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    fail(ErrorKind::run, "stdout: cannot write: {}", std::strerror(errno));
  }
}

}  // namespace octet
