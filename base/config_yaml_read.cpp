#include <map>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/config_yaml.h"
#include "base/error.h"
#include "base/utf8.h"

namespace octet {
namespace {

constexpr std::size_t kMostValues = 100'000;

std::size_t count_values(const ConfigNode& node) {
  std::size_t count = 1;
  for (const ConfigNode& item : node.items) count += count_values(item);
  return count;
}

/// Builds the tree from the parser's events. The events, unlike YAML::Node, show duplicate keys in
/// order, the line of every key, and aliases before they are expanded.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const std::string& name) : name_(name) {}

  ConfigNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "expected one YAML document, found a second");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, ConfigNode{}); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_tag(mark, tag);
    // The parser marks an untagged quoted scalar by "!" and a plain one by "?".
    add(mark, anchor, ConfigNode::scalar(text, tag == "!"));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "an alias stands inside the value it names");
    ConfigNode copy = found->second;
    count(mark, count_values(copy));
    attach(mark, std::move(copy));
  }

 private:
  /// A list or map whose end has not come yet; a map alternates between key and value.
  struct Open {
    ConfigNode node;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    int key_line = 0;
  };

  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& message) const {
    fail(ErrorKind::config, "{}:{}: {}", name_, mark.line + 1, message);
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(mark, fmt::format("YAML tags are not supported, got {}", tag));
    }
  }

  void count(const YAML::Mark& mark, std::size_t values) {
    values_ += values;
    if (values_ > kMostValues) refuse(mark, fmt::format("more than {} values", kMostValues));
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, ConfigNode::Kind kind) {
    refuse_tag(mark, tag);
    count(mark, 1);
    if (stack_.size() == kDeepestConfig) {
      refuse(mark, fmt::format("nested deeper than {} levels", kDeepestConfig));
    }
    Open& opened = stack_.emplace_back();
    opened.node.kind = kind;
    opened.mark = mark;
    opened.anchor = anchor;
  }

  void close() {
    Open closed = std::move(stack_.back());
    stack_.pop_back();
    if (closed.anchor != 0) anchors_[closed.anchor] = closed.node;
    attach(closed.mark, std::move(closed.node));
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, ConfigNode node) {
    count(mark, 1);
    if (anchor != 0) anchors_[anchor] = node;
    attach(mark, std::move(node));
  }

  void attach(const YAML::Mark& mark, ConfigNode node) {
    node.line = mark.line + 1;
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.kind == ConfigNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      if (node.kind != ConfigNode::Kind::scalar) refuse(mark, "expected a name as the key of a map");
      parent.has_key = true;
      parent.key = std::move(node.text);
      parent.key_line = node.line;
    } else {
      node.key = std::move(parent.key);
      node.line = parent.key_line;
      parent.has_key = false;
      parent.node.items.push_back(std::move(node));
    }
  }

  const std::string& name_;
  ConfigNode root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, ConfigNode> anchors_;
  std::size_t values_ = 0;
  int documents_ = 0;
};

/// The parser takes byte 4 for the end of the input and replaces malformed UTF-8, both silently.
void refuse_binary(const std::string& text, const std::string& name) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = c == '\t' || c == '\n' || c == '\r';
    if (byte < 0x20 && !blank) {
      fail(ErrorKind::config, "{}: expected text, found the control byte {}", name, byte);
    }
  }
  if (!is_valid_utf8(text)) fail(ErrorKind::config, "{}: expected UTF-8 text", name);
}

}  // namespace

ConfigNode parse_yaml(const std::string& text, const std::string& name) {
  refuse_binary(text, name);
  TreeBuilder builder(name);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    fail(ErrorKind::config, "{}:{}: YAML syntax: {}", name, error.mark.line + 1, error.msg);
  }
  return builder.take();
}

}  // namespace octet
