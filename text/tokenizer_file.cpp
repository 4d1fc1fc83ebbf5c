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

namespace octet {

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

std::string printable(const Tokenizer& tokenizer, std::int32_t id) {
  return tokenizer.is_special(id) ? tokenizer.token(id) : bytes_to_printable(tokenizer.token(id));
}

OrderedJson byte_level_json() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
}

/// Reads one file; each function reads one part and reports problems with the file's name and the key.
class Reader {
 public:
  Reader(std::string_view json, const std::string& name) : name_(name), root_(parse_json(json, name)) {
    if (!root_.is_object()) fail(ErrorKind::input, "{}: expected a JSON object", name_);
  }

  Tokenizer read() {
    refuse_what_differs();
    read_added_tokens();
    read_vocab();
    read_merges();
    std::sort(vocabulary_.specials.begin(), vocabulary_.specials.end());
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

  void expect_type(const Json& object, const std::string& path, const char* wanted) {
    expect_object(object, path);
    const std::string type = text(member(object, "type", path + ".type"), path + ".type");
    if (type != wanted) refuse(path + ".type", "only {} is supported, got {}", wanted, type);
  }

  void refuse_what_differs() {
    for (const char* key : {"normalizer", "truncation", "padding"}) {
      if (!absent(root_, key)) refuse(key, "only null is supported, got {}", root_[key].dump());
    }
    const Json& pre = member(root_, "pre_tokenizer", "pre_tokenizer");
    expect_type(pre, "pre_tokenizer", "ByteLevel");
    if (flag(pre, "add_prefix_space", "pre_tokenizer.add_prefix_space", true)) {
      refuse("pre_tokenizer.add_prefix_space", "only false is supported");
    }
    if (!flag(pre, "use_regex", "pre_tokenizer.use_regex", true)) {
      refuse("pre_tokenizer.use_regex", "only true is supported");
    }
    expect_type(member(root_, "decoder", "decoder"), "decoder", "ByteLevel");
    // A ByteLevel post-processor only trims offsets; others add tokens.
    if (!absent(root_, "post_processor")) {
      expect_type(root_["post_processor"], "post_processor", "ByteLevel");
    }
    const Json& model = member(root_, "model", "model");
    expect_type(model, "model", "BPE");
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!absent(model, key) && model[key] != "") {
        refuse(std::string("model.") + key, "only an empty one is supported, got {}", model[key].dump());
      }
    }
    if (!absent(model, "dropout") && model["dropout"] != 0.0) {
      refuse("model.dropout", "only null is supported, got {}", model["dropout"].dump());
    }
    for (const char* key : {"byte_fallback", "ignore_merges"}) {
      const std::string path = std::string("model.") + key;
      if (flag(model, key, path, false)) refuse(path, "only false is supported");
    }
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
      if (!flag(list[i], "special", path + ".special", false)) {
        refuse(path + ".special", "only special added tokens are supported, {} is not", content);
      }
      for (const char* key : {"single_word", "lstrip", "rstrip"}) {
        if (flag(list[i], key, path + "." + key, false)) refuse(path + "." + key, "only false is supported");
      }
      const auto token_id = id(member(list[i], "id", path + ".id"), path + ".id");
      if (!special_ids_.emplace(content, token_id).second) refuse(path, "{} is listed twice", content);
    }
  }

  void read_vocab() {
    const Json& vocab = member(root_["model"], "vocab", "model.vocab");
    expect_object(vocab, "model.vocab");
    std::vector<std::pair<std::int64_t, std::string>> entries;
    for (const auto& [key, value] : vocab.items()) {
      const std::int64_t token_id = id(value, "model.vocab[\"" + key + "\"]");
      const auto special = special_ids_.find(key);
      if (special == special_ids_.end()) {
        entries.emplace_back(token_id, key);
      } else if (special->second != token_id) {
        refuse("added_tokens", "{} has id {}, but {} in model.vocab", key, special->second, token_id);
      }
    }
    for (const auto& [content, token_id] : special_ids_) entries.emplace_back(token_id, content);
    std::sort(entries.begin(), entries.end());
    for (std::size_t i = 0; i < entries.size(); ++i) place(entries[i].second, entries[i].first, i);
  }

  /// Tokens arrive ordered by id, so the one for place i must have id i.
  void place(const std::string& key, std::int64_t token_id, std::size_t i) {
    const auto expected = static_cast<std::int64_t>(i);
    if (token_id < expected) refuse("model.vocab", "id {} is used twice, once for {}", token_id, key);
    if (token_id > expected) refuse("model.vocab", "no token has id {}, but {} has {}", i, key, token_id);
    const bool special = special_ids_.contains(key);
    if (special) {
      vocabulary_.specials.push_back(static_cast<std::int32_t>(i));
    } else {
      id_of_.emplace(key, static_cast<std::int32_t>(i));
    }
    const auto bytes = special ? key : printable_to_bytes(key);
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

  std::string name_;
  Json root_;
  std::unordered_map<std::string, std::int64_t> special_ids_;
  std::unordered_map<std::string, std::int32_t> id_of_;
  Vocabulary vocabulary_;
};

}  // namespace

std::string tokenizer_to_json(const Tokenizer& tokenizer) {
  OrderedJson added = OrderedJson::array();
  for (const std::int32_t id : tokenizer.vocabulary().specials) {
    added.push_back({{"id", id},
                     {"content", tokenizer.token(id)},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  OrderedJson::object_t vocab;
  vocab.reserve(static_cast<std::size_t>(tokenizer.vocab_size()));
  for (std::int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    // The keys are known to differ: skips the linear search that ordered_json's own insertion makes.
    vocab.std::vector<std::pair<const std::string, OrderedJson>>::emplace_back(printable(tokenizer, id), id);
  }
  OrderedJson merges = OrderedJson::array();
  for (const Merge& merge : tokenizer.vocabulary().merges) {
    merges.push_back(printable(tokenizer, merge.left) + ' ' + printable(tokenizer, merge.right));
  }
  OrderedJson root = {{"version", "1.0"},
                      {"truncation", nullptr},
                      {"padding", nullptr},
                      {"added_tokens", std::move(added)},
                      {"normalizer", nullptr},
                      {"pre_tokenizer", byte_level_json()},
                      {"post_processor", byte_level_json()},
                      {"decoder", byte_level_json()}};
  OrderedJson& model = root["model"] = {{"type", "BPE"},
                                        {"dropout", nullptr},
                                        {"unk_token", nullptr},
                                        {"continuing_subword_prefix", nullptr},
                                        {"end_of_word_suffix", nullptr},
                                        {"fuse_unk", false},
                                        {"byte_fallback", false},
                                        {"ignore_merges", false}};
  model["vocab"] = std::move(vocab);
  model["merges"] = std::move(merges);
  return root.dump(2) + '\n';
}

Tokenizer tokenizer_from_json(std::string_view json, const std::string& name) {
  return Reader(json, name).read();
}

void save_tokenizer(const Tokenizer& tokenizer, const std::string& path) {
  write_file_atomically(path, tokenizer_to_json(tokenizer));
}

Tokenizer load_tokenizer(const std::string& path) {
  return tokenizer_from_json(read_text_file(path), path);
}

}  // namespace octet
