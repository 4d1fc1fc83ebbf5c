#include <csignal>
#include <cstdio>

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

/// Messages hold names of files, keys and models: none of them may steer the terminal.
void print_error(const std::string& message) {
  std::fprintf(stderr, "error: %s\n", shown_text(message).c_str());
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
