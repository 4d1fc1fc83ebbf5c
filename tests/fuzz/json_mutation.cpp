#include "tests/fuzz/json_mutation.h"

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t largest);

namespace octet::fuzz {
namespace {

using Json = nlohmann::ordered_json;

/// Functions here and in the JSON library recurse over values, so deep texts are left to changes of their bytes.
constexpr int kDeepest = 100;

bool is_deep(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    if (depth > kDeepest) return true;
  }
  return false;
}

/// A value of the tree and the list or object that holds it, null for the root.
struct Node {
  Json* value;
  Json* parent;
  std::size_t index;
};

void collect(Json& value, Json* parent, std::size_t index, std::vector<Node>& nodes) {
  nodes.push_back({&value, parent, index});
  std::size_t i = 0;
  for (auto& child : value) {
    if (value.is_structured()) collect(child, &value, i++, nodes);
  }
}

std::size_t below(std::size_t limit, std::mt19937& random) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

const std::vector<Json>& extremes() {
  static const std::vector<Json> values = {nullptr,
                                           true,
                                           false,
                                           0,
                                           1,
                                           2,
                                           -1,
                                           3.5,
                                           -0.0,
                                           1e-300,
                                           1e39,
                                           -1e39,
                                           1e308,
                                           65504,
                                           1e-8,
                                           INT64_MAX,
                                           INT64_MIN,
                                           UINT64_MAX,
                                           INT32_MAX,
                                           std::int64_t{1} << 31,
                                           std::int64_t{1} << 40,
                                           (std::int64_t{1} << 53) + 1,
                                           "",
                                           " ",
                                           ".",
                                           "..",
                                           "a/b",
                                           "`id`",
                                           "$(id)",
                                           "<b>&\"'",
                                           "\x1b[31m",
                                           std::string("a\0b", 3),
                                           "\u202e\ufeff",
                                           "null",
                                           ".inf",
                                           "-.inf",
                                           ".nan",
                                           "1e999",
                                           std::string(300, 'n'),
                                           Json::array(),
                                           Json::object(),
                                           Json::array({0, 1}),
                                           Json::array({nullptr}),
                                           Json::object({{"", ""}})};
  return values;
}

std::string mutate_bytes(std::string text, std::mt19937& random) {
  const std::size_t size = text.size();
  text.resize(size + 1 + below(16, random));
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

void mutate_scalar(Json& value, std::mt19937& random) {
  if (value.is_string()) {
    value = mutate_bytes(value.get<std::string>(), random);
  } else if (value.is_number_integer()) {
    constexpr std::array<std::int64_t, 7> kSteps = {-1, 1, -7, 16, 255, 1024, -65536};
    // Unsigned, since it may overflow.
    value = static_cast<std::int64_t>(value.get<std::uint64_t>() +
                                      static_cast<std::uint64_t>(kSteps[below(kSteps.size(), random)]));
  } else if (value.is_number_float()) {
    constexpr std::array<double, 6> kFactors = {-1, 0.5, 2, 1e10, 1e-10, 1e100};
    value = value.get<double>() * kFactors[below(kFactors.size(), random)];
  } else {
    value = extremes()[below(extremes().size(), random)];
  }
}

/// The iterator of a node whose parent is an object.
Json::iterator member(const Node& node) {
  return std::next(node.parent->begin(), static_cast<std::ptrdiff_t>(node.index));
}

void erase(const Node& node) {
  if (node.parent == nullptr) {
    *node.value = nullptr;
  } else if (node.parent->is_array()) {
    node.parent->erase(node.index);
  } else {
    node.parent->erase(member(node));
  }
}

using Members = std::vector<std::pair<const std::string, Json>>;

/// Adds a member without the look for its key that ordered_json makes: so objects get the same key twice.
void add_member(Json& object, const std::string& key, const Json& value) {
  static_cast<Members&>(object.get_ref<Json::object_t&>()).emplace_back(key, value);
}

/// Doubles the node: another element of its list, or a duplicate key.
void repeat(const Node& node, std::mt19937& random) {
  const Json copy = *node.value;
  if (node.parent == nullptr) {
    *node.value = Json::array({copy, copy});
  } else if (node.parent->is_array()) {
    for (std::size_t times = std::size_t{1} << below(8, random); times > 0; --times) node.parent->push_back(copy);
  } else {
    add_member(*node.parent, member(node).key(), copy);
  }
}

void rename(const Node& node, std::mt19937& random) {
  if (node.parent == nullptr || !node.parent->is_object()) {
    return mutate_scalar(*node.value, random);
  }
  const Json copy = *node.value;
  const std::string key = member(node).key();
  Json& parent = *node.parent;
  erase(node);
  add_member(parent, mutate_bytes(key, random), copy);
}

void nest(Json& value, std::mt19937& random) {
  constexpr std::array<int, 4> kDepths = {1, 3, 65, 90};
  for (int depth = kDepths[below(kDepths.size(), random)]; depth > 0; --depth) {
    value = Json::array({std::move(value)});
  }
}

void mutate_node(std::vector<Node>& nodes, std::mt19937& random) {
  Node& node = nodes[below(nodes.size(), random)];
  switch (below(8, random)) {
    case 0:
      return erase(node);
    case 1:
      return repeat(node, random);
    case 2:
      return rename(node, random);
    case 3:
      return nest(*node.value, random);
    case 4: {
      const Json other = *nodes[below(nodes.size(), random)].value;
      *node.value = other;
      return;
    }
    case 5:
      *node.value = extremes()[below(extremes().size(), random)];
      return;
    default:
      return mutate_scalar(*node.value, random);
  }
}

}  // namespace

std::optional<std::string> mutate_json(std::string_view json, std::size_t largest, std::mt19937& random) {
  if (is_deep(json)) return std::nullopt;
  Json root = Json::parse(json, nullptr, false);
  if (root.is_discarded()) return std::nullopt;
  for (std::size_t changes = 1 + below(2, random); changes > 0; --changes) {
    std::vector<Node> nodes;
    collect(root, nullptr, 0, nodes);
    mutate_node(nodes, random);
  }
  std::string text = root.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > largest) return std::nullopt;
  return text;
}

}  // namespace octet::fuzz
