#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "base/error.h"
#include "base/failure_text.h"
#include "base/interrupt.h"
#include "base/parallel.h"
#include "base/shown_text.h"
#include "cli/command_line.h"
#include "cli/device.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "tensor/backend.h"

namespace octet {
namespace {

/// The version and every backend, best first.
std::string version_text() {
  std::string text = program_version();
  for (const Backend& backend : all_backends()) {
    const std::string missing = backend.missing();
    text += fmt::format("\n  {:<16}{}{}", backend.name, backend.description,
                        missing.empty() ? "" : "; not available: " + missing);
  }
  return text;
}

/// In the order of the help.
void add_verbs(VerbList verbs) {
  add_run(verbs);
  add_train(verbs);
  add_quantize(verbs);
  add_eval(verbs);
  add_report(verbs);
  add_compare(verbs);
  add_import(verbs);
  add_export(verbs);
  add_generate(verbs);
  add_bench(verbs);
  add_inspect(verbs);
  add_verify(verbs);
  add_microscope(verbs);
  add_explain(verbs);
  add_tokens(verbs);
  add_configs(verbs);
}

void prepare(const CommonOptions& common) {
  install_interrupt_handler();
  if (common.threads) {
    set_thread_count(*common.threads);
  }
  if (!common.device.empty() && common.device != "cpu" && common.device != "cuda") {
    fail(ErrorKind::config, "--device: expected cpu or cuda, got \"{}\"", common.device);
  }
  active_backend();  // errors where there is none
  active_backend(device_of(common));
  if (!common.math.empty()) {
    const auto mode = enum_from_name<cuda::MathMode>(common.math);
    if (!mode) {
      fail(ErrorKind::config, "--math: expected fp32, tf32 or bf16, got \"{}\"", common.math);
    }
    cuda::set_math_mode(*mode);
  }
}

void run(int argc, const char* const* argv) {
  CommandLine line(version_text);
  add_verbs(line.verbs());
  if (!line.parse(argc, argv)) {
    return;
  }
  prepare(line.common());
  line.run();
}

/// A line of a message that a file has made longer than anyone reads, without its middle: it begins with the place
/// and ends with what was expected and found.
std::string without_middle(std::string_view line) {
  constexpr std::size_t kLongest = 2000, kKept = 900;
  if (line.size() <= kLongest) return std::string(line);
  return fmt::format("{} [{} bytes left out] {}", line.substr(0, kKept), line.size() - 2 * kKept,
                     line.substr(line.size() - kKept));
}

/// Messages hold names of files, keys and models: none of them may steer the terminal or flood it.
void print_error(std::string_view message) {
  std::string text = "error: ";
  while (true) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    text += without_middle(message.substr(0, end));
    if (end == message.size()) break;
    text += '\n';
    message.remove_prefix(end + 1);
  }
  std::fprintf(stderr, "%s\n", shown_text(text).c_str());
}

}  // namespace
}  // namespace octet

int main(int argc, char** argv) {
  // Writing to a closed pipe (`octet ... | head`) or beyond `ulimit -f` is an error of the write, which is reported and
  // leaves nothing half written, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    octet::run(argc, argv);
    return 0;
  } catch (const octet::Error& error) {
    octet::print_error(error.what());
    return error.exit_code();
  } catch (const std::exception& failure) {
    octet::print_error(octet::failure_text(failure));
  }
  return static_cast<int>(octet::ErrorKind::run);
}
