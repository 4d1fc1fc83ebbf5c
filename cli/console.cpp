#include "cli/console.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/parallel.h"
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
    fmt::print(stderr, "note: {}\n", text);
  }
}

void print_start(const CommonOptions& common, DeviceKind device) {
  if (common.quiet) {
    return;
  }
  const Backend& backend = active_backend(device);
  const std::string gpu = gpu_name(device);
  fmt::print(stderr, "octet {}  backend {} ({})  threads {}  FP32 products by {}\n", OCTET_VERSION, backend.name,
             gpu.empty() ? std::string(backend.description) : gpu, thread_count(), product_library(device));
  if (thread_count() == 1) {
    fmt::print(stderr, "note: one thread only: {}\n",
               hardware_threads() == 1 ? "this process may run on one processor"
                                       : fmt::format("{} processors are idle; --threads {} uses all",
                                                     hardware_threads() - 1, hardware_threads()));
  } else if (thread_count() < hardware_threads()) {
    fmt::print(stderr, "note: using {} of {} processors; --threads {} uses all\n", thread_count(), hardware_threads(),
               hardware_threads());
  }
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    fail(ErrorKind::run, "stdout: cannot write: {}", std::strerror(errno));
  }
}

}  // namespace octet
