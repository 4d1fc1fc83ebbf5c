#include "cli/machine.h"

#include <ctime>
#include <fstream>

#include "base/parallel.h"
#include "cli/device.h"
#include "cli/version.h"
#include "tensor/backend.h"

namespace octet {
namespace {

// The model name that Linux reports; "unknown" elsewhere.
std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      return line.substr(line.find(':') + 2);
    }
  }
  return "unknown";
}

/// "2026-01-31T12:00:00Z"
std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

ReportMachine describe_machine(DeviceKind device) {
  return {.cpu = processor_name(),
          .isa = std::string(active_backend().description),
          .threads = thread_count(),
          .gpu = gpu_name(device),
          .backend = std::string(active_backend(device).name),
          .blas = product_library(device)};
}

ReportProvenance describe_provenance(const std::filesystem::path& folder, const std::string& config) {
  return {.octet_version = OCTET_VERSION,
          .commit = program_commit(),
          .command = "octet run " + (folder / "config.yaml").string(),
          .config = config,
          .created = utc_now()};
}

}  // namespace octet
