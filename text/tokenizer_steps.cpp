#include "text/tokenizer_steps.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/shown_text.h"

namespace octet {

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

template <typename... Args>
[[noreturn]] void refuse(const std::string& name, const std::string& path, fmt::format_string<Args...> format,
                         Args&&... args) {
  fail(ErrorKind::input, "{}: {}: {}", name, path, fmt::format(format, std::forward<Args>(args)...));
}

std::string type_of(const Json& step, const std::string& path, const std::string& name) {
  if (!step.is_object()) refuse(name, path, "expected an object, got {}", step.type_name());
  const auto found = step.find("type");
  if (found == step.end()) refuse(name, path + ".type", "this key is missing");
  if (!found->is_string()) refuse(name, path + ".type", "expected a string, got {}", found->type_name());
  return found->get<std::string>();
}

bool flag(const Json& step, const char* key, const std::string& path, const std::string& name, bool otherwise) {
  const auto found = step.find(key);
  if (found == step.end() || found->is_null()) return otherwise;
  if (!found->is_boolean()) refuse(name, path + "." + key, "expected true or false, got {}", found->dump());
  return found->get<bool>();
}

/// The steps of a Sequence, or the one step that there is, with their paths.
std::vector<std::pair<std::string, const Json*>> steps_of(const Json& step, const char* list, const std::string& path,
                                                          const std::string& name) {
  if (type_of(step, path, name) != "Sequence") return {{path, &step}};
  const auto found = step.find(list);
  if (found == step.end() || !found->is_array()) refuse(name, path + "." + list, "expected a list of steps");
  std::vector<std::pair<std::string, const Json*>> steps;
  for (std::size_t i = 0; i < found->size(); ++i) {
    steps.emplace_back(fmt::format("{}.{}[{}]", path, list, i), &(*found)[i]);
  }
  return steps;
}

void expect_byte_level(const Json& step, const std::string& path, const std::string& name, bool use_regex) {
  expect_step(step, path, "ByteLevel", name);
  if (flag(step, "add_prefix_space", path, name, true)) {
    refuse(name, path + ".add_prefix_space", "only false is supported");
  }
  if (flag(step, "use_regex", path, name, true) != use_regex) {
    refuse(name, path + ".use_regex", "only {} is supported", use_regex);
  }
}

/// The pattern of a Split step.
SplitPattern read_split(const Json& step, const std::string& path, const std::string& name) {
  const auto behavior = step.find("behavior");
  if (behavior == step.end() || *behavior != "Isolated" || flag(step, "invert", path, name, false)) {
    refuse(name, path, "expected behavior Isolated, not inverted, got {}", step.dump());
  }
  const auto pattern = step.find("pattern");
  if (pattern != step.end() && pattern->is_object() && pattern->contains("Regex")) {
    for (const SplitPattern known : {SplitPattern::llama_bpe, SplitPattern::qwen2}) {
      if ((*pattern)["Regex"] == hugging_face_regex(known)) return known;
    }
  }
  refuse(name, path + ".pattern", "expected the regular expression of Llama 3 or of Qwen 2, got {}",
         pattern == step.end() ? "none" : pattern->dump());
}

/// The token before the text in a template `[token] A`.
std::string read_template(const Json& step, const std::string& path, const std::string& name) {
  const auto single = step.find("single");
  const auto part = [&](std::size_t i, const char* kind) -> const Json* {
    const Json& item = (*single)[i];
    const bool found = item.is_object() && item.contains(kind) && item[kind].is_object() && item[kind].contains("id") &&
                       item[kind]["id"].is_string();
    return found ? &item[kind]["id"] : nullptr;
  };
  if (single != step.end() && single->is_array() && single->size() == 2) {
    const Json* token = part(0, "SpecialToken");
    const Json* text = part(1, "Sequence");
    if (token != nullptr && text != nullptr && *text == "A") return token->get<std::string>();
  }
  refuse(name, path + ".single", "only one token before the text is supported, got {}",
         single == step.end() ? "none" : single->dump());
}

}  // namespace

void expect_step(const Json& step, const std::string& path, const char* type, const std::string& name) {
  const std::string found = type_of(step, path, name);
  if (found != type) refuse(name, path + ".type", "only {} is supported, got {}", type, excerpt(found));
}

bool read_normalizer(const Json& step, const std::string& name) {
  const auto steps = steps_of(step, "normalizers", "normalizer", name);
  for (const auto& [path, part] : steps) expect_step(*part, path, "NFC", name);
  return !steps.empty();
}

OrderedJson normalizer_json(bool nfc) {
  return nfc ? OrderedJson{{"type", "NFC"}} : OrderedJson(nullptr);
}

SplitPattern read_pre_tokenizer(const Json& step, const std::string& name) {
  const auto steps = steps_of(step, "pretokenizers", "pre_tokenizer", name);
  SplitPattern pattern = SplitPattern::gpt2;
  if (steps.size() > 1) {
    const auto& [path, first] = steps.front();
    const std::string type = type_of(*first, path, name);
    if (type == "Digits") {
      if (!flag(*first, "individual_digits", path, name, false)) {
        refuse(name, path + ".individual_digits", "only true is supported");
      }
      pattern = SplitPattern::smollm;
    } else if (type == "Split") {
      pattern = read_split(*first, path, name);
    } else {
      refuse(name, path + ".type", "only Digits and Split are supported before ByteLevel, got {}", type);
    }
  }
  if (steps.empty() || steps.size() > 2) {
    refuse(name, "pre_tokenizer", "expected ByteLevel, alone or after one step, got {} steps", steps.size());
  }
  const auto& [path, last] = steps.back();
  expect_byte_level(*last, path, name, hugging_face_regex(pattern).empty());
  return pattern;
}

OrderedJson byte_level_json(bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

OrderedJson pre_tokenizer_json(SplitPattern pattern) {
  if (pattern == SplitPattern::gpt2) return byte_level_json();
  const std::string regex(hugging_face_regex(pattern));
  const OrderedJson first = pattern == SplitPattern::smollm
                                ? OrderedJson{{"type", "Digits"}, {"individual_digits", true}}
                                : OrderedJson{{"type", "Split"},
                                              {"pattern", OrderedJson{{"Regex", regex}}},
                                              {"behavior", "Isolated"},
                                              {"invert", false}};
  return {{"type", "Sequence"}, {"pretokenizers", OrderedJson::array({first, byte_level_json(regex.empty())})}};
}

std::optional<std::string> read_post_processor(const Json& step, const std::string& name) {
  std::optional<std::string> bos;
  for (const auto& [path, part] : steps_of(step, "processors", "post_processor", name)) {
    const std::string type = type_of(*part, path, name);
    if (type == "TemplateProcessing" && !bos) {
      bos = read_template(*part, path, name);
    } else if (type != "ByteLevel") {
      refuse(name, path + ".type", "only ByteLevel and one TemplateProcessing are supported, got {}", type);
    }
  }
  return bos;
}

OrderedJson post_processor_json(const std::optional<std::string>& bos, std::int32_t bos_id) {
  if (!bos) return byte_level_json();
  const auto text = [](const char* which, int type) {
    return OrderedJson{{"Sequence", OrderedJson{{"id", which}, {"type_id", type}}}};
  };
  const auto token = [&](int type) {
    return OrderedJson{{"SpecialToken", OrderedJson{{"id", *bos}, {"type_id", type}}}};
  };
  const OrderedJson before = {
      {"type", "TemplateProcessing"},
      {"single", OrderedJson::array({token(0), text("A", 0)})},
      {"pair", OrderedJson::array({token(0), text("A", 0), token(1), text("B", 1)})},
      {"special_tokens",
       OrderedJson{{*bos, OrderedJson{{"id", *bos}, {"ids", {bos_id}}, {"tokens", OrderedJson::array({*bos})}}}}}};
  return {{"type", "Sequence"}, {"processors", OrderedJson::array({byte_level_json(), before})}};
}

}  // namespace octet
