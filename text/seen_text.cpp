#include "text/seen_text.h"

#include <algorithm>
#include <unordered_map>

#include "text/interrupt_check.h"

namespace octet {

namespace {

constexpr auto kWindow = static_cast<std::size_t>(kSeenWindow);

/// Hash of a window: sum of byte * kBase^place, modulo 2^64. What it finds is compared byte by byte.
constexpr std::uint64_t kBase = 0x9E3779B97F4A7C15u;

std::uint64_t hash_of(std::string_view window) {
  std::uint64_t hash = 0;
  for (const char byte : window) hash = hash * kBase + static_cast<unsigned char>(byte);
  return hash;
}

/// kBase^(kWindow - 1): the weight of the byte that leaves.
std::uint64_t leaving_weight() {
  std::uint64_t weight = 1;
  for (std::size_t i = 1; i < kWindow; ++i) weight *= kBase;
  return weight;
}

std::string_view view(std::string_view text, const TextRun& run) {
  return text.substr(static_cast<std::size_t>(run.begin), static_cast<std::size_t>(run.size()));
}

/// A window of the training part: its run, and where it begins there.
struct Place {
  std::string_view run;
  std::size_t begin;
};

using Windows = std::unordered_map<std::uint64_t, Place>;

Windows training_windows(std::string_view text, const std::vector<TextRun>& train) {
  const InterruptCheck interrupt("reading the text");
  Windows windows;
  for (const TextRun& run : train) {
    interrupt.look();
    const std::string_view bytes = view(text, run);
    for (std::size_t begin = 0; begin + kWindow <= bytes.size(); begin += kWindow) {
      windows.try_emplace(hash_of(bytes.substr(begin, kWindow)), Place{bytes, begin});
    }
  }
  return windows;
}

std::int64_t seen_in_run(std::string_view test, const Windows& windows) {
  if (test.size() < kWindow) return 0;
  const std::uint64_t weight = leaving_weight();
  std::int64_t seen = 0;
  std::size_t counted = 0;  // bytes before it are counted, or found to be new
  std::uint64_t hash = hash_of(test.substr(0, kWindow));
  for (std::size_t at = 0;;) {
    const auto found = windows.find(hash);
    if (found != windows.end() && found->second.run.substr(found->second.begin, kWindow) == test.substr(at, kWindow)) {
      const auto [run, begin] = found->second;
      std::size_t left = at, right = at + kWindow;
      while (left > counted && begin >= at - left + 1 && run[begin - (at - left) - 1] == test[left - 1]) --left;
      while (right < test.size() && begin + (right - at) < run.size() && run[begin + (right - at)] == test[right])
        ++right;
      seen += static_cast<std::int64_t>(right - std::max(left, counted));
      counted = right;
      at = right;  // the passage has ended there
      if (at + kWindow > test.size()) return seen;
      hash = hash_of(test.substr(at, kWindow));
      continue;
    }
    if (at + kWindow >= test.size()) return seen;
    hash =
        (hash - weight * static_cast<unsigned char>(test[at])) * kBase + static_cast<unsigned char>(test[at + kWindow]);
    ++at;
  }
}

}  // namespace

std::int64_t seen_bytes(std::string_view text, const std::vector<TextRun>& train, const std::vector<TextRun>& test) {
  const Windows windows = training_windows(text, train);
  std::int64_t seen = 0;
  const InterruptCheck interrupt("reading the text");
  for (const TextRun& run : test) {
    interrupt.look();
    seen += seen_in_run(view(text, run), windows);
  }
  return seen;
}

}  // namespace octet
