#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/core.h>

namespace octet {

/// Why something failed; decides the exit code of the command line.
enum class ErrorKind {
  run = 1,         ///< a run failed: loss became NaN, disk full
  config = 2,      ///< wrong usage or configuration
  input = 3,       ///< an input file is missing or broken
  capability = 4,  ///< the machine lacks something: a GPU, gnuplot, an instruction set
  interrupted = 130,
};

/// The one exception of the library. The message names what was expected and what was found.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const { return kind_; }
  int exit_code() const { return static_cast<int>(kind_); }

 private:
  ErrorKind kind_;
};

template <typename... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

/// Throws ErrorKind::run unless `condition` holds. The message is formatted only on failure and reads
/// `[op] expected ..., got ...`.
template <typename... Args>
void check(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) [[unlikely]] {
    fail(ErrorKind::run, format, std::forward<Args>(args)...);
  }
}

}  // namespace octet
