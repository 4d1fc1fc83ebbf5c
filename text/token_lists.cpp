#include "text/token_lists.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/shown_text.h"
#include "text/byte_unicode.h"

namespace octet {

namespace {

class ListReader {
 public:
  ListReader(const TokenLists& lists, const std::string& name) : lists_(lists), name_(name) {}

  Vocabulary read() {
    const auto pattern = pattern_of_gguf(lists_.pattern);
    if (!pattern) {
      refuse("pre", "unknown pre-tokenizer \"{}\" (known: {})", excerpt(lists_.pattern), known_gguf_patterns());
    }
    vocabulary_.pattern = *pattern;
    // Llama 3 looks for the whole piece first, and was trained with a token before each text.
    const bool is_llama = *pattern == SplitPattern::llama_bpe;
    vocabulary_.ignore_merges = is_llama;
    read_tokens();
    read_merges();
    vocabulary_.adds_bos = lists_.adds_bos.value_or(is_llama);
    if (vocabulary_.adds_bos) vocabulary_.bos = begin_of_text();
    return std::move(vocabulary_);
  }

 private:
  template <typename... Args>
  [[noreturn]] void refuse(const std::string& key, fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::input, "{}: key tokenizer.ggml.{}: {}", name_, key,
         fmt::format(format, std::forward<Args>(args)...));
  }

  TokenType type_of(std::size_t id) const {
    if (lists_.types.empty()) return TokenType::normal;
    const std::int64_t type = lists_.types[id];
    if (type < 1 || type > static_cast<std::int64_t>(TokenType::unused)) {
      refuse("token_type", "token {}: expected a type from 1 to 5, got {}", id, type);
    }
    return static_cast<TokenType>(type);
  }

  void read_tokens() {
    if (!lists_.types.empty() && lists_.types.size() != lists_.tokens.size()) {
      refuse("token_type", "expected one for each of the {} tokens, got {}", lists_.tokens.size(), lists_.types.size());
    }
    std::vector<bool> has_byte(256, false);
    for (std::size_t id = 0; id < lists_.tokens.size(); ++id) {
      const std::string& token = lists_.tokens[id];
      const auto [earlier, is_new] = id_of_.emplace(token, static_cast<std::int32_t>(id));
      if (!is_new) refuse("tokens", "tokens {} and {} are both \"{}\"", earlier->second, id, excerpt(token));
      const TokenType type = type_of(id);
      const auto bytes = type == TokenType::normal ? printable_to_bytes(token) : std::optional(token);
      if (!bytes || bytes->empty()) refuse("tokens", "token {}, \"{}\", is not a byte-level token", id, excerpt(token));
      if (type == TokenType::user_defined) {
        vocabulary_.added.push_back(static_cast<std::int32_t>(id));
      } else if (type != TokenType::normal) {
        vocabulary_.specials.push_back(static_cast<std::int32_t>(id));
      } else if (bytes->size() == 1) {
        has_byte[static_cast<unsigned char>((*bytes)[0])] = true;
      }
      vocabulary_.tokens.push_back(*bytes);
    }
    vocabulary_.leaves_out_bytes = std::find(has_byte.begin(), has_byte.end(), false) != has_byte.end();
  }

  std::int32_t merged_id(const std::string& token, std::size_t rank) const {
    const auto found = id_of_.find(token);
    if (found == id_of_.end()) {
      refuse("merges", "merge {} is of or into \"{}\", which is not in the vocabulary", rank, excerpt(token));
    }
    // The file that Octet writes spells other tokens in another way, in which they cannot be merged.
    if (type_of(static_cast<std::size_t>(found->second)) != TokenType::normal) {
      refuse("merges", "merge {} is of or into token {}, \"{}\", which is no normal one", rank, found->second,
             excerpt(token));
    }
    return found->second;
  }

  void read_merges() {
    for (std::size_t rank = 0; rank < lists_.merges.size(); ++rank) {
      const std::string& merge = lists_.merges[rank];
      const std::size_t space = merge.find(' ');
      if (space == std::string::npos || merge.find(' ', space + 1) != std::string::npos) {
        refuse("merges", "merge {}: expected \"left right\", got \"{}\"", rank, excerpt(merge));
      }
      const std::string left = merge.substr(0, space), right = merge.substr(space + 1);
      vocabulary_.merges.push_back({merged_id(left, rank), merged_id(right, rank), merged_id(left + right, rank)});
    }
  }

  std::int32_t begin_of_text() const {
    const std::int64_t id = lists_.bos.value_or(-1);
    if (id < 0 || id >= static_cast<std::int64_t>(lists_.tokens.size()) ||
        type_of(static_cast<std::size_t>(id)) == TokenType::normal) {
      refuse("bos_token_id", "expected the control token that begins texts, got {}",
             lists_.bos ? std::to_string(id) : "none");
    }
    return static_cast<std::int32_t>(id);
  }

  const TokenLists& lists_;
  const std::string& name_;
  std::unordered_map<std::string, std::int32_t> id_of_;
  Vocabulary vocabulary_;
};

}  // namespace

Vocabulary vocabulary_from_lists(const TokenLists& lists, const std::string& name) {
  return ListReader(lists, name).read();
}

TokenLists lists_from_vocabulary(const Vocabulary& vocabulary) {
  const bool is_llama = vocabulary.pattern == SplitPattern::llama_bpe;
  if (vocabulary.ignore_merges != is_llama) {
    fail(
        ErrorKind::input,
        "tokenizer: expected whole pieces before merges with the pattern of Llama 3 alone, which GGUF takes for granted, "
        "got them {} and pattern {}",
        vocabulary.ignore_merges ? "on" : "off", gguf_name(vocabulary.pattern));
  }
  TokenLists lists{.tokens = {},
                   .types = std::vector<std::int64_t>(vocabulary.tokens.size(), static_cast<int>(TokenType::normal)),
                   .merges = {},
                   .pattern = gguf_name(vocabulary.pattern),
                   .bos = vocabulary.bos,
                   .adds_bos = vocabulary.adds_bos};
  for (const std::int32_t id : vocabulary.added) {
    lists.types[static_cast<std::size_t>(id)] = static_cast<int>(TokenType::user_defined);
  }
  for (const std::int32_t id : vocabulary.specials) {
    lists.types[static_cast<std::size_t>(id)] = static_cast<int>(TokenType::control);
  }
  std::unordered_map<std::string, std::size_t> id_of;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const bool normal = lists.types[id] == static_cast<int>(TokenType::normal);
    const std::string& bytes = vocabulary.tokens[id];
    lists.tokens.push_back(normal ? bytes_to_printable(bytes) : bytes);
    const auto [earlier, is_new] = id_of.emplace(lists.tokens.back(), id);
    if (!is_new) {
      fail(ErrorKind::input, "tokenizer: tokens {} and {} are both spelled \"{}\" in GGUF, which takes each once",
           earlier->second, id, lists.tokens.back());
    }
  }
  for (const Merge& merge : vocabulary.merges) {
    lists.merges.push_back(lists.tokens[static_cast<std::size_t>(merge.left)] + " " +
                           lists.tokens[static_cast<std::size_t>(merge.right)]);
  }
  return lists;
}

}  // namespace octet
