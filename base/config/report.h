#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace octet {

/// Remembers where each value of a configuration was given and everything found wrong with it.
class ConfigReport {
 public:
  /// `source` names the file or override that is being read.
  explicit ConfigReport(std::string source) : main_source_(source), source_(std::move(source)) {}

  void set_source(std::string source) { source_ = std::move(source); }
  void reset_source() { source_ = main_source_; }

  /// Notes that `path` was given on `line` (0: unknown) of the current source.
  void given(const std::string& path, int line) { origins_[path] = place(line); }
  bool was_given(const std::string& path) const { return origins_.contains(path); }
  /// Forgets what was given inside `path`: it is about to be replaced as a whole.
  void forget_inside(const std::string& path);

  /// A problem in the text being read, at a line of the current source.
  void add(const std::string& path, int line, const std::string& message);
  /// A problem with a value, placed where it or its nearest given parent came from.
  void add(const std::string& path, const std::string& message);

  /// A problem whose message already says where it is.
  void add_line(const std::string& message) { findings_.push_back({std::nullopt, message}); }

  bool has_problem_at(const std::string& path) const;
  bool has_problem_inside(const std::string& path) const;
  /// Throws ErrorKind::config with one line for each problem.
  void throw_if_any() const;

 private:
  struct Finding {
    std::optional<std::string> path;
    std::string line;
  };

  void add_at(const std::string& place, const std::string& path, const std::string& message);
  std::string place(int line) const;
  std::string place_of(std::string path) const;

  std::string main_source_;
  std::string source_;
  std::map<std::string, std::string> origins_;
  std::vector<Finding> findings_;
};

}  // namespace octet
