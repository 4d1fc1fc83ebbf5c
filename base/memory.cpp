#include "base/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>

#include <sys/resource.h>

#include "base/error.h"
#include "base/format.h"

namespace octet {
namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

/// The number behind `key` in a file of lines "key number", or the first of the file where `key` is empty. None where
/// the file or the number is missing ("max").
std::optional<std::uint64_t> number_in(const std::string& path, const std::string& key = "") {
  std::ifstream file(path);
  std::string word;
  std::uint64_t number = 0;
  while (!key.empty() && file >> word && word != key) {
  }
  return file >> number ? std::optional(number) : std::nullopt;
}

/// What a control group leaves: its limit less what is in use, the file cache that can be dropped not counted.
std::uint64_t group_memory(const std::string& limit_file, const std::string& usage_file, const std::string& stat_file,
                           const std::string& cache_key) {
  const auto limit = number_in(limit_file), usage = number_in(usage_file);
  if (!limit || !usage) return kUnlimited;
  const std::uint64_t used = *usage - std::min(*usage, number_in(stat_file, cache_key).value_or(0));
  return *limit - std::min(*limit, used);
}

std::uint64_t address_space() {
  rlimit limit{};
  const auto pages = number_in("/proc/self/statm");
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || !pages) return kUnlimited;
  constexpr std::uint64_t kPage = 4096;
  return limit.rlim_cur - std::min<std::uint64_t>(limit.rlim_cur, *pages * kPage);
}

}  // namespace

std::uint64_t available_memory() {
  const std::string two = "/sys/fs/cgroup/memory.", one = "/sys/fs/cgroup/memory/memory.";
  const auto kilobytes = number_in("/proc/meminfo", "MemAvailable:");
  return std::min({kilobytes ? *kilobytes * 1024 : kUnlimited,
                   group_memory(two + "max", two + "current", two + "stat", "inactive_file"),
                   group_memory(one + "limit_in_bytes", one + "usage_in_bytes", one + "stat", "total_inactive_file"),
                   address_space()});
}

void check_memory(double needed, const std::string& what) {
  const std::uint64_t there = available_memory();
  if (needed <= static_cast<double>(there)) return;
  constexpr double kMostShown = 1e19;  // what 64 bits hold
  fail(ErrorKind::config, "{} take about {} of memory, but {} are available", what,
       format_bytes(static_cast<std::uint64_t>(std::min(needed, kMostShown))), format_bytes(there));
}

}  // namespace octet
