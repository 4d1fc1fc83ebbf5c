#include "bench/options.h"

#include <CLI/CLI.hpp>
#include <limits>

namespace octet::bench {

Options::Options(const std::string& program, const std::string& purpose)
    : app_(std::make_unique<CLI::App>(purpose, program)) {}

Options::~Options() = default;

void Options::add(const std::string& name, std::string& value, const std::string& meaning) {
  app_->add_option(name, value, meaning)->capture_default_str();
}

void Options::add(const std::string& name, std::int64_t& value, const std::string& meaning) {
  app_->add_option(name, value, meaning)->capture_default_str();
}

void Options::add(const std::string& name, int& value, const std::string& meaning) {
  app_->add_option(name, value, meaning)->capture_default_str();
}

void Options::add(const std::string& name, std::vector<std::string>& values, const std::string& meaning) {
  app_->add_option(name, values, meaning)->delimiter(',')->capture_default_str();
}

void Options::add(const std::string& name, std::vector<std::int64_t>& values, const std::string& meaning) {
  app_->add_option(name, values, meaning)->delimiter(',')->capture_default_str();
}

void Options::add(const std::string& name, bool& value, const std::string& meaning) {
  app_->add_flag(name, value, meaning);
}

void Options::add_positive(const std::string& name, std::int64_t& value, const std::string& meaning) {
  app_->add_option(name, value, meaning)
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
}

std::optional<int> Options::parse(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app_->exit(error);
  }
}

}  // namespace octet::bench
