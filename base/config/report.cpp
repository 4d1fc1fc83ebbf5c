#include "base/config/report.h"

#include <algorithm>

#include "base/error.h"

namespace octet {
namespace {

/// Whether `path` is `parent` or lies below it.
bool is_inside(const std::string& path, const std::string& parent) {
  return parent.empty() || path == parent || path.starts_with(parent + ".");
}

}  // namespace

std::string ConfigReport::place(int line) const {
  return line > 0 ? fmt::format("{}:{}", source_, line) : source_;
}

std::string ConfigReport::place_of(std::string path) const {
  while (!path.empty()) {
    const auto found = origins_.find(path);
    if (found != origins_.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    path.resize(dot == std::string::npos ? 0 : dot);
  }
  return main_source_;
}

void ConfigReport::forget_inside(const std::string& path) {
  std::erase_if(origins_, [&](const auto& origin) { return is_inside(origin.first, path); });
}

void ConfigReport::add(const std::string& path, int line, const std::string& message) {
  add_at(place(line), path, message);
}

void ConfigReport::add(const std::string& path, const std::string& message) {
  add_at(place_of(path), path, message);
}

void ConfigReport::add_at(const std::string& place, const std::string& path, const std::string& message) {
  const std::string where = path.empty() ? "" : path + ": ";
  findings_.push_back({path, fmt::format("{}: {}{}", place, where, message)});
}

bool ConfigReport::has_problem_at(const std::string& path) const {
  return std::any_of(findings_.begin(), findings_.end(), [&](const Finding& finding) { return finding.path == path; });
}

bool ConfigReport::has_problem_inside(const std::string& path) const {
  return std::any_of(findings_.begin(), findings_.end(),
                     [&](const Finding& finding) { return finding.path && is_inside(*finding.path, path); });
}

void ConfigReport::throw_if_any() const {
  if (findings_.empty()) return;
  constexpr std::size_t kMostLines = 50;
  std::string message;
  for (std::size_t i = 0; i < findings_.size() && i < kMostLines; ++i) {
    if (i > 0) message += "\n";
    message += findings_[i].line;
  }
  if (findings_.size() > kMostLines) {
    message += fmt::format("\n... and {} more problems", findings_.size() - kMostLines);
  }
  throw Error(ErrorKind::config, message);
}

}  // namespace octet
