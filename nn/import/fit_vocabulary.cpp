#include "nn/import/fit_vocabulary.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace octet {
namespace {

bool contains(const std::vector<std::int32_t>& ids, std::int64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// Only added tokens, special or not, can play a role: a file keeps it with them.
void take_role(std::optional<std::int32_t>& role, std::optional<std::int64_t> id, const char* name,
               const Vocabulary& vocabulary, std::vector<std::string>& notes) {
  if (!id || role) return;
  if (contains(vocabulary.specials, *id) || contains(vocabulary.added, *id)) {
    role = static_cast<std::int32_t>(*id);
  } else {
    notes.push_back(fmt::format("{} {} of the model is no added token of the tokenizer: left out", name, *id));
  }
}

void note_missing_bytes(const Vocabulary& vocabulary, std::vector<std::string>& notes) {
  if (!vocabulary.leaves_out_bytes) return;
  std::set<char> bytes;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const std::string& token = vocabulary.tokens[id];
    const bool literal = contains(vocabulary.specials, static_cast<std::int64_t>(id)) ||
                         contains(vocabulary.added, static_cast<std::int64_t>(id));
    if (token.size() == 1 && !literal) bytes.insert(token[0]);
  }
  notes.push_back(
      fmt::format("{} of the 256 bytes have no token: encoding leaves them out, as the tokenizer's own program does",
                  256 - bytes.size()));
}

}  // namespace

Tokenizer fit_vocabulary(Vocabulary vocabulary, std::int64_t rows, const std::string& where,
                         std::optional<std::int64_t> bos, std::optional<std::int64_t> eos,
                         std::vector<std::string>& notes) {
  const auto tokens = static_cast<std::int64_t>(vocabulary.tokens.size());
  if (tokens > rows) {
    fail(ErrorKind::input, "{}: expected at most the {} tokens that the model has vectors for, got {}", where, rows,
         tokens);
  }
  if (tokens < rows) {
    notes.push_back(
        fmt::format("the model has {} more vectors than the tokenizer tokens: ids from {} on become special "
                    "tokens [PAD{}]",
                    rows - tokens, tokens, tokens));
  }
  const std::set<std::string> taken(vocabulary.tokens.begin(), vocabulary.tokens.end());
  for (std::int64_t id = tokens; id < rows; ++id) {
    vocabulary.tokens.push_back(fmt::format("[PAD{}]", id));
    if (taken.contains(vocabulary.tokens.back())) {
      fail(ErrorKind::input, "{}: expected a token for each of the {} vectors of the model, got {}, among them {}",
           where, rows, tokens, vocabulary.tokens.back());
    }
    vocabulary.specials.push_back(static_cast<std::int32_t>(id));
  }
  take_role(vocabulary.bos, bos, "bos", vocabulary, notes);
  take_role(vocabulary.eos, eos, "eos", vocabulary, notes);
  note_missing_bytes(vocabulary, notes);
  try {
    return Tokenizer(std::move(vocabulary));
  } catch (const Error& error) {
    fail(ErrorKind::input, "{}: {}", where, error.what());
  }
}

}  // namespace octet
