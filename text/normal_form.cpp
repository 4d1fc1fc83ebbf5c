#include "text/normal_form.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "base/error.h"
#include "base/utf8.h"

namespace octet {
namespace {

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 128;
}

/// Appends the normal form of valid UTF-8.
void append_normal_form(std::string_view text, std::string& out) {
  utf8proc_uint8_t* normal = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &normal, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(normal, &std::free);
  check(size >= 0, "[tokenizer] utf8proc cannot normalize a text: {}", utf8proc_errmsg(size));
  out.append(reinterpret_cast<const char*>(normal), static_cast<std::size_t>(size));
}

/// The same of text with long stretches of ASCII, which is in normal form already. Only the last ASCII character before
/// others can change, with the marks that follow it; nothing changes across the border before an ASCII character.
void append_by_stretches(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const auto* other = std::find_if_not(text.begin(), text.end(), is_ascii);
    const auto* begin = other == text.begin() || other == text.end() ? other : other - 1;
    const auto* end = std::find_if(other, text.end(), is_ascii);
    out.append(text.begin(), begin);
    if (begin != end) append_normal_form({begin, end}, out);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  }
}

}  // namespace

std::string normal_form_c(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t valid = valid_utf8_prefix(text);
    append_by_stretches(text.substr(0, valid), out);
    text.remove_prefix(valid);
    if (!text.empty()) {
      out.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace octet
