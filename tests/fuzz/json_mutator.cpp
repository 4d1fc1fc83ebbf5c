#include <algorithm>
#include <cstring>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_mutation.h"

// How libFuzzer changes the inputs of targets that read JSON: mostly as JSON, sometimes as bytes, for the syntax.

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t largest);

namespace octet::fuzz {
namespace {

struct Part {
  std::size_t begin, size;
};

/// The part of the text that shall change: all of it; or one of those between lines `---`; or one of its lines.
Part choose_part(std::string_view text, std::mt19937& random) {
  constexpr std::string_view kSeparator = "\n---\n";
  const std::string_view separator = text.find(kSeparator) != text.npos ? kSeparator : "\n";
  const bool in_parts = separator == kSeparator || text.find("}\n{") != text.npos;
  std::vector<Part> parts;
  for (std::size_t begin = 0; in_parts && begin < text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back({begin, end - begin});
    begin = end + separator.size();
  }
  if (parts.empty()) return {0, text.size()};
  return parts[random() % parts.size()];
}

}  // namespace
}  // namespace octet::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t largest,
                                               unsigned int seed) {
  using namespace octet::fuzz;
  std::mt19937 random(seed);
  const std::string text(as_text(data, size));
  const Part part = choose_part(text, random);
  if (random() % 8 != 0) {
    const std::size_t room = largest - std::min(largest, size - part.size);
    if (const auto json = mutate_json(std::string_view(text).substr(part.begin, part.size), room, random)) {
      const std::string changed = text.substr(0, part.begin) + *json + text.substr(part.begin + part.size);
      std::memcpy(data, changed.data(), changed.size());
      return changed.size();
    }
  }
  return LLVMFuzzerMutate(data, size, largest);
}
