#include "base/json_check.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include <fmt/core.h>

#include "base/ascii.h"
#include "base/error.h"
#include "base/json.h"
#include "base/shown_text.h"
#include "base/utf8.h"

namespace octet {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

/// Reads a text once, from its first byte to its last, and keeps nothing but the keys of the objects that are open.
class JsonReader {
 public:
  JsonReader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  void read() {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    read_value("a value");
    while (!open_.empty()) read_member();
    skip_blanks();
    if (at_ < text_.size()) refuse("nothing behind the value");
  }

 private:
  /// A list or an object whose end has not come yet.
  struct Open {
    bool is_object = false;
    bool has_members = false;
    std::set<std::string> keys = {};
  };

  [[noreturn]] void fail_here(const std::string& what) const {
    const std::string_view before = text_.substr(0, std::min(at_, text_.size()));
    const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
    fail(ErrorKind::input, "{}: line {}, column {}: {}", name_, 1 + std::count(before.begin(), before.end(), '\n'),
         before.size() - line_begin + 1, what);
  }

  [[noreturn]] void refuse(std::string_view expected) const {
    fail_here(fmt::format("expected {}, found {}", expected, found()));
  }

  /// What stands here, as a message tells it.
  std::string found() const {
    constexpr std::size_t kShown = 40;
    if (at_ >= text_.size()) return "the end of the text";
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte < 0x20 || byte == 0x7F || read_utf8(text_.substr(at_)).length == 0) {
      return fmt::format("the byte 0x{:02X}", byte);
    }
    const std::string_view rest = text_.substr(at_, kShown);
    return fmt::format("\"{}\"", excerpt(rest.substr(0, rest.find_first_of(" \t\r\n,:[]{}\"", 1))));
  }

  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }

  /// Whether `c` stands here, behind blanks; then it is read.
  bool take(char c) {
    skip_blanks();
    if (next() != c) return false;
    ++at_;
    return true;
  }

  /// The end of what is open, or one more member of it.
  void read_member() {
    Open& open = open_.back();
    if (take(open.is_object ? '}' : ']')) {
      open_.pop_back();
      return;
    }
    const bool is_first = !open.has_members;
    if (!is_first && !take(',')) refuse(open.is_object ? "a comma or \"}\"" : "a comma or \"]\"");
    open.has_members = true;
    if (open.is_object) {
      read_key(open, is_first ? "a key in quotes or \"}\"" : "a key in quotes");
      if (!take(':')) refuse("a colon behind the key");
    }
    read_value(is_first && !open.is_object ? "a value or \"]\"" : "a value");
  }

  void read_key(Open& open, std::string_view expected) {
    skip_blanks();
    if (next() != '"') refuse(expected);
    const std::size_t begin = at_;
    read_text();
    const std::string_view quoted = text_.substr(begin, at_ - begin);
    const bool has_escapes = quoted.find('\\') != std::string_view::npos;
    const std::string key = has_escapes ? nlohmann::json::parse(quoted).get<std::string>()
                                        : std::string(quoted.substr(1, quoted.size() - 2));
    if (!open.keys.insert(key).second) {
      at_ = begin;
      fail_here(fmt::format("the key \"{}\" appears twice in one object", excerpt(key)));
    }
  }

  void read_value(std::string_view expected) {
    skip_blanks();
    const char c = next();
    if (c == '{' || c == '[') {
      if (open_.size() == static_cast<std::size_t>(kDeepestJson)) {
        fail_here(fmt::format("nested deeper than {} levels", kDeepestJson));
      }
      open_.push_back({.is_object = c == '{'});
      ++at_;
    } else if (c == '"') {
      read_text();
    } else if (c == '-' || is_digit(c)) {
      read_number();
    } else {
      read_word(expected);
    }
  }

  void read_word(std::string_view expected) {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return;
      }
    }
    refuse(expected);
  }

  void read_digits() {
    if (!is_digit(next())) refuse("a digit");
    while (is_digit(next())) ++at_;
  }

  void read_number() {
    const std::size_t begin = at_;
    if (next() == '-') ++at_;
    if (next() == '0') {
      ++at_;  // no digit follows a leading zero
    } else {
      read_digits();
    }
    if (next() == '.') {
      ++at_;
      read_digits();
    }
    if (next() == 'e' || next() == 'E') {
      ++at_;
      if (next() == '+' || next() == '-') ++at_;
      read_digits();
    }
    const std::string number(text_.substr(begin, at_ - begin));
    if (!std::isfinite(std::strtod(number.c_str(), nullptr))) {
      at_ = begin;
      refuse("a number that 64 bits hold");
    }
  }

  /// From one quote to the other.
  void read_text() {
    ++at_;
    while (next() != '"' || at_ >= text_.size()) {
      const auto byte = static_cast<unsigned char>(next());
      if (at_ >= text_.size() || byte == '\n') refuse("a quote that ends the text");
      if (byte < 0x20) refuse("a text in which control characters are escapes");
      if (byte == '\\') {
        read_escape();
        continue;
      }
      const int length = read_utf8(text_.substr(at_)).length;
      if (length == 0) refuse("UTF-8");
      at_ += static_cast<std::size_t>(length);
    }
    ++at_;
  }

  void read_escape() {
    const std::size_t begin = at_++;
    if (next() != 'u') {
      if (at_ >= text_.size() || std::string_view("\"\\/bfnrt").find(next()) == std::string_view::npos) {
        refuse("one of \" \\ / b f n r t u behind a backslash");
      }
      ++at_;
      return;
    }
    const unsigned first = read_code();
    if (first < 0xD800 || first > 0xDFFF) return;
    // A character beyond 16 bits is two such escapes, the higher one first.
    const bool has_second = first < 0xDC00 && text_.substr(at_).starts_with("\\u");
    if (has_second) ++at_;
    const unsigned second = has_second ? read_code() : 0;
    if (second < 0xDC00 || second > 0xDFFF) {
      at_ = begin;
      refuse("two escapes, \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF, for one character");
    }
  }

  /// "u" and four hexadecimal digits.
  unsigned read_code() {
    ++at_;
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(next());
      if (at_ >= text_.size() || digit == std::string_view::npos) refuse("four hexadecimal digits behind \\u");
      code = code * 16 + static_cast<unsigned>(digit < 16 ? digit : digit - 6);
    }
    return code;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::vector<Open> open_;
};

}  // namespace

void check_json(std::string_view text, const std::string& name) {
  JsonReader(text, name).read();
}

}  // namespace octet
