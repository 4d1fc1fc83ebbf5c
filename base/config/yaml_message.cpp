#include "base/config/yaml_message.h"

#include <yaml-cpp/exceptions.h>

namespace octet {
namespace {

struct Meaning {
  std::string_view parser;  ///< how its message begins
  const char* meaning;
};

namespace parser = YAML::ErrorMsg;

constexpr const char* kAnchorName = "expected a name of letters and digits behind & and *";
constexpr const char* kEscape = "expected an escape of YAML behind the backslash, as \\n or \\u00e4, or single quotes";
constexpr const char* kOneProperty = "expected one anchor or alias before a value, found a second";

// Longer messages stand before those that they begin with.
const Meaning kMeanings[] = {
    {parser::MAP_VALUE,
     "expected one value behind the key, found another \": \"; quote a text that has one, and begin a key in the column "
     "of its neighbours"},
    {parser::MAP_KEY, "expected a value, found a key that begins in another column than its neighbours"},
    {parser::BLOCK_ENTRY, "expected a value, found \"- \", which begins an entry of a list, where no list is"},
    {parser::FLOW_END, "expected a value, found a closing bracket that no bracket opened"},
    {parser::END_OF_MAP_FLOW, "expected a comma or a closing }"},
    {parser::END_OF_SEQ_FLOW, "expected a comma or a closing ]"},
    {parser::END_OF_MAP, "expected the next key, in the column of its neighbours"},
    {parser::END_OF_SEQ, "expected the next \"- \", in the column of its neighbours"},
    {parser::EOF_IN_SCALAR, "expected a closing quote, found the end of the text"},
    {parser::DOC_IN_SCALAR, "expected a closing quote, found --- or ..., which end a document"},
    {parser::TAB_IN_INDENTATION, "expected spaces as indentation, found a tab"},
    {parser::CHAR_IN_BLOCK, "expected the end of the line behind | or >"},
    {parser::ZERO_INDENT_IN_BLOCK, "expected an indentation from 1 to 9 behind | or >"},
    {parser::UNKNOWN_ANCHOR, "expected the name of an anchor that stands above behind *, found one that does not"},
    {parser::ALIAS_NOT_FOUND, kAnchorName},
    {parser::ANCHOR_NOT_FOUND, kAnchorName},
    {parser::CHAR_IN_ALIAS, kAnchorName},
    {parser::CHAR_IN_ANCHOR, kAnchorName},
    {parser::ALIAS_CONTENT, "expected nothing behind an alias, found a value"},
    {parser::MULTIPLE_ANCHORS, kOneProperty},
    {parser::MULTIPLE_ALIASES, kOneProperty},
    {parser::MULTIPLE_TAGS, kOneProperty},
    {parser::INVALID_HEX, kEscape},
    {parser::INVALID_UNICODE, kEscape},
    {parser::INVALID_ESCAPE, kEscape},
    {parser::CHAR_IN_SCALAR, "expected a text, found a character that needs quotes around it"},
    {parser::UNKNOWN_TOKEN, "expected a key or a value, found a character that needs quotes around it"},
};

}  // namespace

std::string yaml_message(std::string_view parser_message) {
  for (const Meaning& entry : kMeanings) {
    if (parser_message.starts_with(entry.parser)) return entry.meaning;
  }
  return "this is no YAML";
}

}  // namespace octet
