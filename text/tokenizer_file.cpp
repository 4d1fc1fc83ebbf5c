#include "text/tokenizer_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/read_file.h"
#include "base/json.h"
#include "text/byte_unicode.h"
#include "text/tokenizer_steps.h"

namespace octet {

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr const char* kRole = "octet_role";

/// Reads one file; each function reads one part and reports problems with the file's name and the key.
class Reader {
 public:
  Reader(std::string_view json, const std::string& name, MissingBytes missing)
      : name_(name), missing_(missing), root_(parse_json(json, name)) {
    if (!root_.is_object()) fail(ErrorKind::input, "{}: expected a JSON object, got {}", name_, root_.type_name());
  }

  Tokenizer read() {
    refuse_what_differs();
    read_added_tokens();
    read_bos();
    read_vocab();
    read_merges();
    settle_missing_bytes();
    try {
      return Tokenizer(std::move(vocabulary_));
    } catch (const Error& error) {
      fail(ErrorKind::input, "{}: {}", name_, error.what());
    }
  }

 private:
  template <typename... Args>
  [[noreturn]] void refuse(const std::string& key, fmt::format_string<Args...> format, Args&&... args) {
    fail(ErrorKind::input, "{}: {}: {}", name_, key, fmt::format(format, std::forward<Args>(args)...));
  }

  /// The member `key` of `object`, which must be there; `path` is the full name of it.
  const Json& member(const Json& object, const char* key, const std::string& path) {
    const auto found = object.find(key);
    if (found == object.end()) refuse(path, "this key is missing");
    return *found;
  }

  static bool absent(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() || found->is_null();
  }

  void expect_object(const Json& value, const std::string& path) {
    if (!value.is_object()) refuse(path, "expected an object, got {}", value.type_name());
  }

  std::string text(const Json& value, const std::string& path) {
    if (!value.is_string()) refuse(path, "expected a string, got {}", value.type_name());
    return value.get<std::string>();
  }

  bool flag(const Json& object, const char* key, const std::string& path, bool otherwise) {
    if (absent(object, key)) return otherwise;
    if (!object[key].is_boolean()) refuse(path, "expected true or false, got {}", object[key].dump());
    return object[key].get<bool>();
  }

  std::int64_t id(const Json& value, const std::string& path) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kLargestId) {
      refuse(path, "expected a token id, got {}", value.dump());
    }
    return value.get<std::int64_t>();
  }

  void refuse_what_differs() {
    for (const char* key : {"truncation", "padding"}) {
      if (!absent(root_, key)) refuse(key, "only null is supported, got {}", root_[key].dump());
    }
    vocabulary_.nfc = !absent(root_, "normalizer") && read_normalizer(root_["normalizer"], name_);
    vocabulary_.pattern = read_pre_tokenizer(member(root_, "pre_tokenizer", "pre_tokenizer"), name_);
    expect_step(member(root_, "decoder", "decoder"), "decoder", "ByteLevel", name_);
    if (!absent(root_, "post_processor")) {
      bos_ = read_post_processor(root_["post_processor"], name_);
    }
    const Json& model = member(root_, "model", "model");
    expect_step(model, "model", "BPE", name_);
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!absent(model, key) && model[key] != "") {
        refuse(std::string("model.") + key, "only an empty one is supported, got {}", model[key].dump());
      }
    }
    if (!absent(model, "dropout") && model["dropout"] != 0.0) {
      refuse("model.dropout", "only null is supported, got {}", model["dropout"].dump());
    }
    if (flag(model, "byte_fallback", "model.byte_fallback", false)) {
      refuse("model.byte_fallback", "only false is supported");
    }
    vocabulary_.ignore_merges = flag(model, "ignore_merges", "model.ignore_merges", false);
  }

  void read_added_tokens() {
    if (absent(root_, "added_tokens")) return;
    const Json& list = root_["added_tokens"];
    if (!list.is_array()) refuse("added_tokens", "expected a list, got {}", list.type_name());
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string path = fmt::format("added_tokens[{}]", i);
      expect_object(list[i], path);
      const auto content = text(member(list[i], "content", path + ".content"), path + ".content");
      if (content.empty()) refuse(path + ".content", "expected some text, got none");
      const bool special = flag(list[i], "special", path + ".special", false);
      for (const char* key : {"single_word", "lstrip", "rstrip"}) {
        if (flag(list[i], key, path + "." + key, false)) refuse(path + "." + key, "only false is supported");
      }
      // Where nothing is normalized it does not matter.
      if (vocabulary_.nfc && flag(list[i], "normalized", path + ".normalized", !special)) {
        refuse(path + ".normalized", "only false is supported beside a normalizer");
      }
      const auto token_id = id(member(list[i], "id", path + ".id"), path + ".id");
      if (!added_.emplace(content, AddedToken{token_id, special}).second) refuse(path, "{} is listed twice", content);
      read_role(list[i], path, static_cast<std::int32_t>(token_id));
    }
  }

  void read_role(const Json& entry, const std::string& path, std::int32_t token_id) {
    if (absent(entry, kRole)) return;
    const std::string role = text(entry[kRole], path + "." + kRole);
    const bool both = role == "bos eos";
    if (!both && role != "bos" && role != "eos") {
      refuse(path + "." + kRole, "expected bos, eos or \"bos eos\", got {}", role);
    }
    if (both || role == "bos") take_role(vocabulary_.bos, token_id, path);
    if (both || role == "eos") take_role(vocabulary_.eos, token_id, path);
  }

  void take_role(std::optional<std::int32_t>& role, std::int32_t token_id, const std::string& path) {
    if (role) refuse(path + "." + kRole, "token {} has this role already", *role);
    role = token_id;
  }

  /// The token that a template puts before each text.
  void read_bos() {
    if (!bos_) return;
    const auto found = added_.find(*bos_);
    if (found == added_.end()) refuse("post_processor", "{} is not one of added_tokens", Json(*bos_).dump());
    const auto token_id = static_cast<std::int32_t>(found->second.id);
    if (vocabulary_.bos && *vocabulary_.bos != token_id) {
      refuse("post_processor", "{} is put before texts, but token {} is bos", *bos_, *vocabulary_.bos);
    }
    vocabulary_.bos = token_id;
    vocabulary_.adds_bos = true;
  }

  void settle_missing_bytes() {
    std::vector<bool> has(256, false);
    for (const auto& [key, token_id] : id_of_) {
      const std::string& bytes = vocabulary_.tokens[static_cast<std::size_t>(token_id)];
      if (bytes.size() == 1) has[static_cast<unsigned char>(bytes[0])] = true;
    }
    if (missing_ == MissingBytes::refused || std::find(has.begin(), has.end(), false) == has.end()) return;
    if (!absent(root_["model"], "unk_token")) {
      refuse("model.unk_token", "only null is supported where a byte has no token, got {}",
             root_["model"]["unk_token"].dump());
    }
    vocabulary_.leaves_out_bytes = true;
  }

  void read_vocab() {
    const Json& vocab = member(root_["model"], "vocab", "model.vocab");
    expect_object(vocab, "model.vocab");
    std::vector<std::pair<std::int64_t, std::string>> entries;
    for (const auto& [key, value] : vocab.items()) {
      const std::int64_t token_id = id(value, "model.vocab[\"" + key + "\"]");
      const auto added = added_.find(key);
      if (added == added_.end()) {
        entries.emplace_back(token_id, key);
      } else if (added->second.id != token_id) {
        refuse("added_tokens", "{} has id {}, but {} in model.vocab", key, added->second.id, token_id);
      }
    }
    for (const auto& [content, token] : added_) entries.emplace_back(token.id, content);
    std::sort(entries.begin(), entries.end());
    for (std::size_t i = 0; i < entries.size(); ++i) place(entries[i].second, entries[i].first, i);
  }

  /// Tokens arrive ordered by id, so the one for place i must have id i.
  void place(const std::string& key, std::int64_t token_id, std::size_t i) {
    const auto expected = static_cast<std::int64_t>(i);
    if (token_id < expected) refuse("model.vocab", "id {} is used twice, once for {}", token_id, key);
    if (token_id > expected) refuse("model.vocab", "no token has id {}, but {} has {}", i, key, token_id);
    const auto added = added_.find(key);
    const bool literal = added != added_.end();
    if (literal) {
      (added->second.special ? vocabulary_.specials : vocabulary_.added).push_back(static_cast<std::int32_t>(i));
    } else {
      id_of_.emplace(key, static_cast<std::int32_t>(i));
    }
    const auto bytes = literal ? key : printable_to_bytes(key);
    if (!bytes || bytes->empty()) refuse("model.vocab", "{} is not a byte-level token", Json(key).dump());
    vocabulary_.tokens.push_back(*bytes);
  }

  void read_merges() {
    const Json& merges = member(root_["model"], "merges", "model.merges");
    if (!merges.is_array()) refuse("model.merges", "expected a list, got {}", merges.type_name());
    for (std::size_t i = 0; i < merges.size(); ++i) {
      const std::string path = fmt::format("model.merges[{}]", i);
      const auto [left, right] = merge_sides(merges[i], path);
      const auto find = [&](const std::string& token) {
        const auto found = id_of_.find(token);
        if (found == id_of_.end()) refuse(path, "{} is not in model.vocab", Json(token).dump());
        return found->second;
      };
      vocabulary_.merges.push_back({find(left), find(right), find(left + right)});
    }
  }

  std::pair<std::string, std::string> merge_sides(const Json& merge, const std::string& path) {
    if (merge.is_array() && merge.size() == 2) return {text(merge[0], path), text(merge[1], path)};
    if (merge.is_string()) {
      const auto joined = merge.get<std::string>();
      const std::size_t space = joined.find(' ');
      if (space != std::string::npos && joined.find(' ', space + 1) == std::string::npos) {
        return {joined.substr(0, space), joined.substr(space + 1)};
      }
    }
    refuse(path, "expected \"left right\" or [\"left\", \"right\"], got {}", merge.dump());
  }

  static constexpr std::uint64_t kLargestId = 0x7FFFFFFE;

  struct AddedToken {
    std::int64_t id;
    bool special;
  };

  std::string name_;
  MissingBytes missing_;
  Json root_;
  std::optional<std::string> bos_;  ///< what a template puts before each text
  std::unordered_map<std::string, AddedToken> added_;
  std::unordered_map<std::string, std::int32_t> id_of_;
  Vocabulary vocabulary_;
};

}  // namespace

namespace {

/// One entry of added_tokens.
OrderedJson added_json(const Tokenizer& tokenizer, std::int32_t id, TokenRoles roles) {
  OrderedJson entry = {{"id", id},
                       {"content", tokenizer.token(id)},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false},
                       {"special", tokenizer.is_special(id)}};
  const bool bos = tokenizer.vocabulary().bos == id;
  const bool eos = tokenizer.vocabulary().eos == id;
  if (roles == TokenRoles::written && (bos || eos)) entry[kRole] = bos && eos ? "bos eos" : bos ? "bos" : "eos";
  return entry;
}

}  // namespace

std::string tokenizer_to_json(const Tokenizer& tokenizer, TokenRoles roles) {
  const Vocabulary& vocabulary = tokenizer.vocabulary();
  std::vector<bool> literal(static_cast<std::size_t>(tokenizer.vocab_size()), false);
  for (const auto* ids : {&vocabulary.specials, &vocabulary.added}) {
    for (const std::int32_t id : *ids) literal[static_cast<std::size_t>(id)] = true;
  }
  const auto printable = [&](std::int32_t id) {
    return literal[static_cast<std::size_t>(id)] ? tokenizer.token(id) : bytes_to_printable(tokenizer.token(id));
  };
  OrderedJson added = OrderedJson::array();
  for (std::int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    if (literal[static_cast<std::size_t>(id)]) added.push_back(added_json(tokenizer, id, roles));
  }
  OrderedJson::object_t vocab;
  vocab.reserve(static_cast<std::size_t>(tokenizer.vocab_size()));
  for (std::int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    // The keys are known to differ: skips the linear search that ordered_json's own insertion makes.
    vocab.std::vector<std::pair<const std::string, OrderedJson>>::emplace_back(printable(id), id);
  }
  OrderedJson merges = OrderedJson::array();
  for (const Merge& merge : vocabulary.merges) {
    merges.push_back(printable(merge.left) + ' ' + printable(merge.right));
  }
  std::optional<std::string> bos;
  if (vocabulary.adds_bos) bos = tokenizer.token(*vocabulary.bos);
  OrderedJson root = {{"version", "1.0"},
                      {"truncation", nullptr},
                      {"padding", nullptr},
                      {"added_tokens", std::move(added)},
                      {"normalizer", normalizer_json(vocabulary.nfc)},
                      {"pre_tokenizer", pre_tokenizer_json(vocabulary.pattern)},
                      {"post_processor", post_processor_json(bos, vocabulary.bos.value_or(0))},
                      {"decoder", byte_level_json()}};
  OrderedJson& model = root["model"] = {{"type", "BPE"},
                                        {"dropout", nullptr},
                                        {"unk_token", nullptr},
                                        {"continuing_subword_prefix", nullptr},
                                        {"end_of_word_suffix", nullptr},
                                        {"fuse_unk", false},
                                        {"byte_fallback", false},
                                        {"ignore_merges", vocabulary.ignore_merges}};
  model["vocab"] = std::move(vocab);
  model["merges"] = std::move(merges);
  return root.dump(2) + '\n';
}

Tokenizer tokenizer_from_json(std::string_view json, const std::string& name, MissingBytes missing) {
  return Reader(json, name, missing).read();
}

void save_tokenizer(const Tokenizer& tokenizer, const std::string& path) {
  write_file_atomically(path, tokenizer_to_json(tokenizer));
}

Tokenizer load_tokenizer(const std::string& path, MissingBytes missing) {
  return tokenizer_from_json(read_text_file(path), path, missing);
}

}  // namespace octet
