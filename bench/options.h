#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace octet::bench {

/// The options of a program that measures: CLI11, which takes 20 s to compile, behind few words. A value is its own
/// default and is shown as such by --help; the elements of a list are separated by commas.
class Options {
 public:
  Options(const std::string& program, const std::string& purpose);
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  void add(const std::string& name, std::string& value, const std::string& meaning);
  void add(const std::string& name, std::int64_t& value, const std::string& meaning);
  void add(const std::string& name, int& value, const std::string& meaning);
  void add(const std::string& name, std::vector<std::string>& values, const std::string& meaning);
  void add(const std::string& name, std::vector<std::int64_t>& values, const std::string& meaning);
  /// An option without a value sets it to true.
  void add(const std::string& name, bool& value, const std::string& meaning);
  /// Zero and less is refused.
  void add_positive(const std::string& name, std::int64_t& value, const std::string& meaning);

  /// Sets the values. The exit code, where the program has nothing more to do: after --help, or a mistake that was
  /// printed.
  std::optional<int> parse(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace octet::bench
