#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/config/yaml.h"
#include "base/config/yaml_check.h"
#include "base/config/yaml_message.h"
#include "base/error.h"
#include "base/utf8.h"

namespace octet {
namespace {

// What aliases may make of a file of at most 4 MiB (config.cpp): values, and bytes of texts and keys in all.
constexpr std::size_t kMostValues = 100'000;
constexpr std::size_t kMostBytes = std::size_t{16} << 20;

/// How much a tree holds.
struct TreeSize {
  std::size_t values = 0;
  std::size_t bytes = 0;
};

TreeSize size_of(const ConfigNode& node) {
  TreeSize size = {1, node.text.size() + node.key.size()};
  for (const ConfigNode& item : node.items) {
    const TreeSize inner = size_of(item);
    size.values += inner.values;
    size.bytes += inner.bytes;
  }
  return size;
}

/// Builds the tree from the parser's events. The events, unlike YAML::Node, show duplicate keys in
/// order, the line of every key, and aliases before they are expanded.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& text, const std::string& name) : text_(text), name_(name) {}

  /// The tree, once the parser has come to the end.
  ConfigNode take() {
    check_yaml_tabs(text_, free_form_, name_);
    return std::move(root_);
  }

  /// "; in the brackets opened on line 3" where the parser stopped within some; else empty.
  std::string open_brackets() const {
    const auto flow = std::find_if(stack_.rbegin(), stack_.rend(), [](const Open& open) { return open.in_brackets; });
    return flow == stack_.rend() ? "" : fmt::format("; in the brackets opened on line {}", flow->mark.line + 1);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "expected one YAML document, found a second");
  }
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string& anchor) override {
    if (!anchor_names_.insert(anchor).second) refuse(mark, fmt::format("the anchor &{} is given twice", anchor));
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, ConfigNode{}); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_tag(mark, tag);
    if (tag == "!") note_quoted(mark);
    // The parser marks an untagged quoted scalar by "!" and a plain one by "?".
    add(mark, anchor, ConfigNode::scalar(text, tag == "!"));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, style, ConfigNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, style, ConfigNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "an alias stands inside the value it names");
    count(mark, size_of(found->second));  // before the copy, which may be large
    ConfigNode copy = found->second;
    attach(mark, std::move(copy));
  }

 private:
  /// A list or map whose end has not come yet; a map alternates between key and value.
  struct Open {
    ConfigNode node;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    bool in_brackets = false;
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

  void count(const YAML::Mark& mark, const TreeSize& more) {
    size_.values += more.values;
    size_.bytes += more.bytes;
    if (size_.values > kMostValues) refuse(mark, fmt::format("more than {} values", kMostValues));
    if (size_.bytes > kMostBytes) {
      refuse(mark, fmt::format("more than {} bytes of text, aliases written out", kMostBytes));
    }
  }

  /// Keeps a copy for aliases, which counts too: anchors within anchors copy the same again.
  void remember(const YAML::Mark& mark, YAML::anchor_t anchor, const ConfigNode& node) {
    count(mark, size_of(node));
    anchors_[anchor] = node;
  }

  /// The parser does not say where a block scalar or a list in brackets ends: where the next value begins.
  void end_span(std::size_t at) {
    if (flow_depth_ > 0) return;
    if (span_is_open_) free_form_.back().end = at;
    span_is_open_ = false;
  }

  void note_quoted(const YAML::Mark& mark) {
    const auto at = static_cast<std::size_t>(mark.pos);
    end_span(at);
    const YamlSpan span = quoted_span(text_, at, name_);
    if (span.begin == span.end || flow_depth_ > 0) return;
    span_is_open_ = text_[span.begin] == '|' || text_[span.begin] == '>';
    free_form_.push_back(span_is_open_ ? YamlSpan{span.begin, text_.size()} : span);
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value style,
            ConfigNode::Kind kind) {
    refuse_tag(mark, tag);
    end_span(static_cast<std::size_t>(mark.pos));
    if (style == YAML::EmitterStyle::Flow && flow_depth_++ == 0) {
      free_form_.push_back({static_cast<std::size_t>(mark.pos), text_.size()});
    }
    count(mark, {1, 0});
    if (stack_.size() == kDeepestConfig) {
      refuse(mark, fmt::format("nested deeper than {} levels", kDeepestConfig));
    }
    Open& opened = stack_.emplace_back();
    opened.node.kind = kind;
    opened.mark = mark;
    opened.anchor = anchor;
    opened.in_brackets = style == YAML::EmitterStyle::Flow;
  }

  void close() {
    Open closed = std::move(stack_.back());
    stack_.pop_back();
    if (closed.in_brackets && --flow_depth_ == 0) span_is_open_ = true;
    if (closed.anchor != 0) remember(closed.mark, closed.anchor, closed.node);
    attach(closed.mark, std::move(closed.node));
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, ConfigNode node) {
    if (!node.quoted) end_span(static_cast<std::size_t>(mark.pos));
    count(mark, size_of(node));
    if (anchor != 0) remember(mark, anchor, node);
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

  const std::string& text_;
  const std::string& name_;
  ConfigNode root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, ConfigNode> anchors_;
  std::set<std::string> anchor_names_;
  std::vector<YamlSpan> free_form_;  // scalars in quotes or blocks, lists and maps in brackets; in order
  bool span_is_open_ = false;        // the end of the last one is not known yet
  int flow_depth_ = 0;               // brackets that are open
  TreeSize size_;
  int documents_ = 0;
};

}  // namespace

ConfigNode parse_yaml(const std::string& text, const std::string& name) {
  const std::string plain = text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
  check_yaml_lines(plain, name);
  TreeBuilder builder(plain, name);
  try {
    std::istringstream stream(plain);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    fail(ErrorKind::config, "{}:{}: YAML syntax: {}{}", name, error.mark.line + 1, yaml_message(error.msg),
         builder.open_brackets());
  }
  return builder.take();
}

}  // namespace octet
