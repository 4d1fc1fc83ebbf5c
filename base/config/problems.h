#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace octet {

struct Problem {
  std::string path;  ///< dotted, relative to the struct that found it; empty means the struct itself
  std::string message;
};

/// Collects what a struct's `validate` finds wrong, so that all of it is reported at once:
///
///     void validate(Problems& problems) const {
///       if (width % heads != 0)
///         problems.add("heads", "expected a divisor of the width {}, got {}", width, heads);
///     }
class Problems {
 public:
  template <typename... Args>
  void add(std::string path, fmt::format_string<Args...> format, Args&&... args) {
    list_.push_back({std::move(path), fmt::format(format, std::forward<Args>(args)...)});
  }

  const std::vector<Problem>& list() const { return list_; }

 private:
  std::vector<Problem> list_;
};

}  // namespace octet
