#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "base/config/record.h"
#include "base/files/read_file.h"
#include "base/number_text.h"
#include "base/shown_text.h"
#include "base/text_columns.h"
#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/model_folder.h"
#include "cli/verbs.h"
#include "nn/files/model_tokenizer.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

struct TokensArguments {
  std::string checkpoint;  ///< folder of the model whose tokenizer cuts the text
  std::string text;        ///< a file, or the text itself
};

constexpr std::size_t kMostShown = 200;  // tokens in a table; --json lists all

// What --json prints has its keys in the order of the alphabet.

/// A token where it stands in the text.
struct PlacedToken {
  std::int64_t bytes = 0;  ///< of text that it stands for
  std::int64_t id = 0;
  std::int64_t offset = 0;  ///< of its first byte in the text
  std::string piece;        ///< its bytes, visible (visible_piece)

  template <class V>
  void visit(V& v) {
    v("bytes", bytes);
    v("id", id);
    v("offset", offset);
    v("piece", piece);
  }
};

struct TokenizedText {
  std::int64_t bytes = 0;
  double bytes_per_token = 0;
  std::int64_t different = 0;  ///< ids that occur
  std::vector<PlacedToken> tokens;
  std::int64_t vocabulary = 0;

  template <class V>
  void visit(V& v) {
    v("bytes", bytes);
    v("bytes_per_token", bytes_per_token);
    v("different", different);
    v("tokens", tokens);
    v("vocabulary", vocabulary);
  }
};

bool is_whole_utf8(const std::string& text) {
  return shown_text(text) == text;
}

/// The bytes of a token such that each can be seen: a space as U+2423, a line feed as \n, a tab as \t, and bytes that
/// are no whole character, or would steer a terminal, as <9F>.
std::string visible_piece(const std::string& bytes) {
  std::string visible;
  const bool whole = is_whole_utf8(bytes);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    if (byte == ' ') {
      visible += "\u2423";
    } else if (byte == '\n') {
      visible += "\\n";
    } else if (byte == '\t') {
      visible += "\\t";
    } else if (value < 0x80 ? value >= 0x20 && value != 0x7F : whole) {
      visible += byte;
    } else {
      visible += fmt::format("<{:02X}>", value);
    }
  }
  return visible;
}

/// Whether a text looks like the name of a file: no space in it, and a slash or an ending such as ".txt".
bool looks_like_path(const std::string& text) {
  if (text.find_first_of(" \t\n") != std::string::npos) return false;
  const std::string ending = fs::path(text).extension().string();
  const bool has_ending = ending.size() > 1 && std::all_of(ending.begin() + 1, ending.end(),
                                                           [](unsigned char c) { return std::isalnum(c) != 0; });
  return has_ending || text.find('/') != std::string::npos;
}

/// A word that names a file or a pipe means what is in it. Where a name may be meant that leads to no file, a note says
/// how it was taken.
std::string text_of(const CommonOptions& common, const std::string& named) {
  std::error_code ignored;
  const bool exists = fs::exists(named, ignored);
  if (exists && !fs::is_directory(named, ignored)) return read_text_stream(named);
  if (exists || looks_like_path(named)) {
    note(common, fmt::format("{}: {}; taken as the text itself", excerpt(named),
                             exists ? "this is a folder" : "there is no such file"));
  }
  return named;
}

TokenizedText tokenized_text(const Tokenizer& tokenizer, const std::string& text) {
  TokenizedText result;
  result.vocabulary = tokenizer.vocab_size();
  std::set<std::int32_t> different;
  std::int64_t offset = 0;
  for (const std::int32_t id : tokenizer.encode(text)) {
    const std::int64_t bytes = tokenizer.text_bytes(id);
    result.tokens.push_back({bytes, id, offset, visible_piece(tokenizer.token(id))});
    offset += bytes;
    different.insert(id);
  }
  result.bytes = static_cast<std::int64_t>(text.size());
  result.different = static_cast<std::int64_t>(different.size());
  if (!result.tokens.empty()) {
    result.bytes_per_token = static_cast<double>(result.bytes) / static_cast<double>(result.tokens.size());
  }
  return result;
}

std::string as_table(const TokenizedText& text) {
  std::vector<std::vector<std::string>> table = {{"offset", "id", "bytes", "piece"}};
  for (std::size_t i = 0; i < std::min(kMostShown, text.tokens.size()); ++i) {
    const PlacedToken& token = text.tokens[i];
    table.push_back({std::to_string(token.offset), std::to_string(token.id), std::to_string(token.bytes), token.piece});
  }
  std::string shown = align_columns(table, ">>><");
  if (text.tokens.size() > kMostShown) {
    shown += fmt::format("... and {} more; --json lists all\n",
                         format_integer(static_cast<std::int64_t>(text.tokens.size() - kMostShown)));
  }
  return shown + fmt::format(
                     "\n{} tokens for {} bytes: {:.2f} bytes per token; {} of the {} tokens of the vocabulary "
                     "occur\n",
                     format_integer(static_cast<std::int64_t>(text.tokens.size())), format_integer(text.bytes),
                     text.bytes_per_token, format_integer(text.different), format_integer(text.vocabulary));
}

void tokens_verb(const CommonOptions& common, const TokensArguments& arguments) {
  const Tokenizer tokenizer = load_model_tokenizer(model_folder(common, arguments.checkpoint));
  const TokenizedText text = tokenized_text(tokenizer, text_of(common, arguments.text));
  (common.json ? print_exactly : print)(common.json ? record_to_json(text) : as_table(text));
}

}  // namespace

void add_tokens(VerbList& verbs) {
  auto [options, arguments] = verbs.add("tokens", "the tokens of a text: ids, pieces, places", tokens_verb);
  options.text("checkpoint", arguments.checkpoint, "folder of a model, or of a run, whose tokenizer cuts the text")
      .required();
  options.text("text", arguments.text, "a file, or the text itself where there is no such file").required();
  options.without({"--out", "--seed", "--device", "--math"});
}

}  // namespace octet
