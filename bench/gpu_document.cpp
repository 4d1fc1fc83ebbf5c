#include "bench/gpu_document.h"

#include <cstdio>
#include <exception>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "eval/speed/interleave.h"

namespace octet::bench {

GpuDocument::GpuDocument(nlohmann::ordered_json document, std::string file)
    : document_(std::move(document)), file_(std::move(file)) {}

void GpuDocument::section(std::string_view name, const std::function<void(nlohmann::ordered_json& document)>& measure) {
  fmt::print(stderr, "{} ...\n", name);
  const double start = steady_seconds();
  try {
    measure(document_);
  } catch (const Error& error) {
    add_error(name, error.what(), error.exit_code());
  } catch (const std::exception& error) {
    add_error(name, error.what(), static_cast<int>(ErrorKind::run));
  }
  document_["section_seconds"][std::string(name)] = steady_seconds() - start;
  write();
}

int GpuDocument::finish() {
  if (file_.empty()) {
    fmt::print("{}\n", document_.dump(2));
  }
  return code_;
}

void GpuDocument::write() const {
  if (!file_.empty()) {
    write_file_atomically(file_, document_.dump(2) + "\n");
  }
}

void GpuDocument::add_error(std::string_view section, const char* message, int code) {
  fmt::print(stderr, "error: {}: {}\n", section, message);
  document_["errors"].push_back({{"section", section}, {"message", message}});
  code_ = code_ == 0 ? code : code_;
}

}  // namespace octet::bench
