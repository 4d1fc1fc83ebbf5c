#include <nlohmann/json.hpp>

#include <fmt/ranges.h>

#include "base/config/keys.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/text_columns.h"
#include "cli/builtin_configs.h"
#include "cli/console.h"
#include "cli/entropy_lab_config.h"
#include "cli/natural_lab_config.h"
#include "cli/shared_options.h"
#include "cli/validate.h"
#include "cli/verbs.h"

namespace octet {
namespace {

struct KeysArguments {
  bool lab = false;  ///< of an entropy lab
};

struct ShowArguments {
  std::string name;
};

// The comment lines at the top of a file say what it is for.
std::string first_comment(const std::string& text) {
  const std::size_t end = text.find('\n');
  const std::string line = text.substr(0, end);
  return line.starts_with("# ") ? line.substr(2) : "";
}

void list_verb(const CommonOptions& common) {
  nlohmann::json list = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, content] : builtin_configs()) {
    list.push_back({{"name", name}, {"description", first_comment(content)}});
    rows.push_back({name, first_comment(content)});
  }
  (common.json ? print_exactly : print)(common.json ? json_text(list, 2) + "\n" : align_columns(rows, "<<"));
}

void keys_verb(const CommonOptions& common, const KeysArguments& arguments) {
  nlohmann::json list = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows = {{"key", "where not given", "accepted"}};
  for (const ConfigKey& key : arguments.lab ? config_keys<EntropyLabConfig>() : config_keys<RunConfig>()) {
    list.push_back({{"key", key.path}, {"default", key.fallback}, {"accepted", key.accepted}});
    rows.push_back({key.path, key.fallback.empty() ? "(required)" : key.fallback, key.accepted});
  }
  (common.json ? print_exactly : print)(common.json ? json_text(list, 2) + "\n" : align_columns(rows, "<<<"));
}

void show_verb(const CommonOptions& common, const ShowArguments& arguments) {
  const std::string& name = arguments.name;
  const auto found = builtin_configs().find(name);
  if (found == builtin_configs().end()) {
    const auto near = nearest_name(name, names_of_configs());
    fail(ErrorKind::config, "configs show: no built-in configuration \"{}\"{} (built in: {})", name,
         near ? ", did you mean \"" + *near + "\"?" : "", fmt::join(names_of_configs(), ", "));
  }
  if (common.json) {
    const std::string title = "built-in " + name;
    const ConfigSource source = find_config_source(name);
    print_exactly(json_text(is_entropy_lab(source)   ? to_json(parse_config<EntropyLabConfig>(found->second, title))
                            : is_natural_lab(source) ? to_json(parse_config<NaturalLabConfig>(found->second, title))
                                                     : to_json(parse_config<RunConfig>(found->second, title)),
                            2) +
                  "\n");
  } else {
    print(found->second);
  }
}

}  // namespace

std::vector<std::string> names_of_configs() {
  std::vector<std::string> names;
  for (const auto& [name, text] : builtin_configs()) {
    names.push_back(name);
  }
  return names;
}

void add_configs(VerbList& verbs) {
  VerbList configs = verbs.group("configs", "built-in configurations");
  const std::vector<std::string> of_runs = {"--out", "--seed", "--device", "--math"};
  configs.add("ls", "list them", list_verb).without(of_runs);
  auto [keys, of] =
      configs.add("keys", "list what a configuration may hold: keys, defaults, accepted values", keys_verb);
  keys.without(of_runs);
  keys.flag("--lab", of.lab, "what that of an entropy lab may hold");
  auto [show, name] = configs.add("show", "print one", show_verb);
  show.without(of_runs);
  show.text("name", name.name, "as listed by ls").required();
  auto [validate, arguments] = configs.add("validate", "check everything without running", validate_verb);
  add_config_arguments(validate, arguments);
}

}  // namespace octet
