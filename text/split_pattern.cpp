#include "text/split_pattern.h"

#include <algorithm>
#include <array>
#include <utility>

namespace octet {

namespace {

/// Unicode White_Space. Spelled out because PCRE2's \s also takes U+180E, which left that class in Unicode 6.3.
constexpr const char* kSpace =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

constexpr std::string_view kLlamaRegex = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})"
                                         R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwenRegex = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})"
                                        R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// GPT-2's alternatives. `first` stands before all, `end` is what the white space of a stretch may end before.
std::string gpt2_pattern(const std::string& first, const std::string& number, const std::string& end) {
  const std::string space = kSpace;
  return first + R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|)" + number + " ?[^" + space + R"(\p{L}\p{N}]+|[)" + space +
         "]+(?![^" + space + end + "])|[" + space + "]+";
}

/// The regular expression of a tokenizer.json with white space as Unicode has it now.
std::string with_space_spelled_out(std::string_view regex) {
  const std::string space = kSpace;
  const std::pair<std::string_view, std::string> replacements[] = {
      {R"([^\s\p{L})", "[^" + space + R"(\p{L})"}, {R"((?!\S))", "(?![^" + space + "])"}, {R"(\s)", "[" + space + "]"}};
  std::string result(regex);
  for (const auto& [from, to] : replacements) {
    for (std::size_t at = result.find(from); at != std::string::npos; at = result.find(from, at + to.size())) {
      result.replace(at, from.size(), to);
    }
  }
  return result;
}

// Names of one pattern in llama.cpp, whose behaviour is the same; the first of a pattern is written.
constexpr std::array<std::pair<std::string_view, SplitPattern>, 9> kGgufNames = {
    {{"gpt-2", SplitPattern::gpt2},
     {"smollm", SplitPattern::smollm},
     {"starcoder", SplitPattern::smollm},
     {"refact", SplitPattern::smollm},
     {"codeshell", SplitPattern::smollm},
     {"llama-bpe", SplitPattern::llama_bpe},
     {"llama3", SplitPattern::llama_bpe},
     {"llama-v3", SplitPattern::llama_bpe},
     {"qwen2", SplitPattern::qwen2}}};

}  // namespace

std::string pcre2_pattern(SplitPattern pattern) {
  switch (pattern) {
    case SplitPattern::smollm:
      // A number ends the stretch before it, so white space before a number counts as white space at the end.
      return gpt2_pattern(R"(\p{N}|)", "", R"(\p{N})");
    case SplitPattern::llama_bpe:
    case SplitPattern::qwen2:
      return with_space_spelled_out(hugging_face_regex(pattern));
    case SplitPattern::gpt2:
      break;
  }
  return gpt2_pattern("", R"( ?\p{N}+|)", "");
}

std::string_view hugging_face_regex(SplitPattern pattern) {
  switch (pattern) {
    case SplitPattern::llama_bpe:
      return kLlamaRegex;
    case SplitPattern::qwen2:
      return kQwenRegex;
    case SplitPattern::gpt2:
    case SplitPattern::smollm:
      break;
  }
  return {};
}

std::optional<SplitPattern> pattern_of_gguf(std::string_view name) {
  for (const auto& [known, pattern] : kGgufNames) {
    if (known == name) return pattern;
  }
  return std::nullopt;
}

std::string gguf_name(SplitPattern pattern) {
  const auto* found =
      std::find_if(kGgufNames.begin(), kGgufNames.end(), [&](const auto& entry) { return entry.second == pattern; });
  return std::string(found->first);
}

std::string known_gguf_patterns() {
  std::string names;
  for (const auto& [name, pattern] : kGgufNames) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

}  // namespace octet
