#include <algorithm>
#include <array>

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include "base/ascii.h"
#include "base/config/scalar.h"
#include "base/config/yaml.h"
#include "base/lower_case.h"

namespace octet {
namespace {

using Kind = ConfigNode::Kind;

/// A text can stand without quotes when no YAML reader could take it for anything else: it starts
/// with a letter or one of "_./", goes on with those, digits, "-" and inner spaces, and is no
/// reserved word.
bool needs_quotes(const std::string& text) {
  constexpr std::array<std::string_view, 10> kReserved = {"true", "false", "null", "yes", "no",
                                                          "on",   "off",   "y",    "n",   "nan"};
  const auto is_first = [](char c) { return is_letter(c) || c == '_' || c == '.' || c == '/'; };
  const auto is_inner = [&](char c) { return is_first(c) || is_digit(c) || c == '-' || c == ' '; };
  if (text.empty() || !is_first(text.front()) || text.back() == ' ') return true;
  if (!std::all_of(text.begin(), text.end(), is_inner)) return true;
  // ".5", ".inf" and "..." are numbers and a document end.
  if (text.front() == '.' && text.find('/') == std::string::npos) return true;
  return std::find(kReserved.begin(), kReserved.end(), lower_case(text)) != kReserved.end();
}

void emit(YAML::Emitter& out, const ConfigNode& node) {
  switch (node.kind) {
    case Kind::null:
      out << YAML::Null;
      break;
    case Kind::scalar:
      if (node.quoted && needs_quotes(node.text)) out << YAML::DoubleQuoted;
      out << node.text;
      break;
    case Kind::list: {
      const bool short_items = std::all_of(node.items.begin(), node.items.end(), [](const ConfigNode& item) {
        return item.kind == Kind::null || item.kind == Kind::scalar;
      });
      if (short_items) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const ConfigNode& item : node.items) emit(out, item);
      out << YAML::EndSeq;
      break;
    }
    case Kind::map:
      out << YAML::BeginMap;
      for (const ConfigNode& item : node.items) {
        out << YAML::Key << item.key << YAML::Value;
        emit(out, item);
      }
      out << YAML::EndMap;
      break;
  }
}

}  // namespace

std::string write_yaml(const ConfigNode& node) {
  YAML::Emitter out;
  // Characters above ASCII stay as they are.
  out.SetOutputCharset(YAML::EmitNonAscii);
  out.SetNullFormat(YAML::LowerNull);
  emit(out, node);
  return std::string(out.c_str()) + "\n";
}

}  // namespace octet
