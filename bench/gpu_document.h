#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace octet::bench {

/// What a program measures, as one JSON document that is written again after each section: a fault, a hang or a kill
/// loses the section it happens in, and none before it.
class GpuDocument {
 public:
  /// `file`: where it is written, whole or not at all. Empty: to the standard output, by finish().
  GpuDocument(nlohmann::ordered_json document, std::string file);

  /// Runs `measure`, which adds to the document, and writes. What it throws becomes an entry of "errors" with the
  /// section and the message; what it had added stays, and the next section may run. The time of each section is in
  /// "section_seconds", and its start is told on the standard error, so that a log says where a program hung.
  void section(std::string_view name, const std::function<void(nlohmann::ordered_json& document)>& measure);

  /// The exit code of the first error, 0 without errors.
  int finish();

 private:
  void write() const;
  void add_error(std::string_view section, const char* message, int code);

  nlohmann::ordered_json document_;
  std::string file_;
  int code_ = 0;
};

}  // namespace octet::bench
