#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/nearest.h"
#include "cli/console.h"

namespace octet {
namespace {

/// Whether `text` is a number from `low` to `high`, and nothing else.
template <typename T>
bool holds_number(const std::string& text, T low, T high) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= low && value <= high;
}

/// CLI11's own ranges are of floating-point numbers and print all 309 digits of the largest one.
template <typename T>
CLI::Validator within(const char* what, T low, T high) {
  return CLI::Validator(
      [what, low, high](const std::string& text) {
        return holds_number(text, low, high)
                   ? std::string()
                   : fmt::format("expected {} from {} to {}, got \"{}\"", what, low, high, text);
      },
      "");
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& text) { return text.empty() ? "expected some text, got an empty one" : std::string(); },
      "");
}

CLI::Validator one_of_names(const std::vector<std::string>& names) {
  return CLI::Validator(
      [names](const std::string& text) {
        return std::find(names.begin(), names.end(), text) != names.end()
                   ? std::string()
                   : fmt::format("expected one of {}, got \"{}\"", fmt::join(names, ", "), text);
      },
      fmt::format("{{{}}}", fmt::join(names, ",")));
}

std::vector<CLI::App*> verbs_of(CLI::App& parent) {
  return parent.get_subcommands([](const CLI::App*) { return true; });
}

/// Error (config) unless `word` names a verb of `parent`; CLI11 would only say that one is required. Groups look at the
/// word behind it too.
void check_verb(CLI::App& parent, const std::string& usage, const char* const* word) {
  std::vector<std::string> names;
  for (const CLI::App* verb : verbs_of(parent)) names.push_back(verb->get_name());
  if (*word == nullptr) {
    fail(ErrorKind::config, "{}: expected a verb (known: {})", usage, fmt::join(names, ", "));
  }
  const auto found = std::find(names.begin(), names.end(), *word);
  if (found != names.end()) {
    CLI::App& verb = *parent.get_subcommand(*found);
    if (!verbs_of(verb).empty()) check_verb(verb, usage + " " + *found, word + 1);
  } else if (**word != '-') {
    const auto near = nearest_name(*word, names);
    fail(ErrorKind::config, "{} {}: unknown verb{} (known: {})", usage, *word,
         near ? ", did you mean \"" + *near + "\"?" : "", fmt::join(names, ", "));
  }
}

/// CLI11 takes the next word for the value of `--out=`, which a shell makes of `--out="$UNSET"`.
void check_values(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--") && word.find('=') == word.size() - 1) {
      fail(ErrorKind::config, "{} expected a value behind it, got none", word);
    }
  }
}

void add_common_options(CLI::App& command, CommonOptions& common) {
  command.add_option("--device", common.device, "cpu or cuda (default: as configured, else cpu)")->check(not_empty());
  command
      .add_option("--math", common.math,
                  "what FP32 products of a GPU round their operands to: fp32, tf32 or bf16 (default: as configured, "
                  "else fp32)")
      ->check(not_empty());
  command.add_option("--threads", common.threads, "threads to use (default: all processors)");
  command.add_option("--seed", common.seed, "seed of weights, batches and samples")
      ->check(within<std::uint64_t>("an integer", 0, UINT64_MAX));
  command.add_option("--out", common.out, "folder or file to write (of a run: runs/NAME)")->check(not_empty());
  command.add_flag("--json", common.json, "results as JSON");
  command.add_flag("--quiet", common.quiet, "no progress");
}

}  // namespace

VerbOption& VerbOption::required() {
  option_->required();
  return *this;
}

VerbOption& VerbOption::shows_default() {
  option_->capture_default_str();
  return *this;
}

VerbOption& VerbOption::not_blank() {
  option_->check(not_empty());
  return *this;
}

VerbOption& VerbOption::expected(int least, int most) {
  option_->expected(least, most);
  return *this;
}

void VerbOptions::flag(const std::string& name, bool& value, const std::string& help) {
  app_->add_flag(name, value, help);
}

VerbOption VerbOptions::text(const std::string& name, std::string& value, const std::string& help) {
  return VerbOption(app_->add_option(name, value, help)->check(not_empty()));
}

VerbOption VerbOptions::choice(const std::string& name, std::string& value, const std::vector<std::string>& names,
                               const std::string& help) {
  return VerbOption(app_->add_option(name, value, help)->check(one_of_names(names)));
}

VerbOption VerbOptions::integer(const std::string& name, std::int64_t& value, OptionRange<std::int64_t> range,
                                const std::string& help) {
  return VerbOption(app_->add_option(name, value, help)->check(within("an integer", range.low, range.high)));
}

VerbOption VerbOptions::number(const std::string& name, double& value, OptionRange<double> range,
                               const std::string& help) {
  return VerbOption(app_->add_option(name, value, help)->check(within("a number", range.low, range.high)));
}

VerbOption VerbOptions::integers(const std::string& name, std::vector<std::int64_t>& list,
                                 OptionRange<std::int64_t> range, const std::string& help) {
  return VerbOption(app_->add_option(name, list, help)
                        ->delimiter(',')
                        ->allow_extra_args(false)
                        ->check(within("an integer", range.low, range.high)));
}

VerbOption VerbOptions::texts(const std::string& name, std::vector<std::string>& list, const std::string& help) {
  return VerbOption(app_->add_option(name, list, help)->delimiter(',')->allow_extra_args(false)->check(not_empty()));
}

VerbOption VerbOptions::repeated(const std::string& name, std::vector<std::string>& list, const std::string& help) {
  return VerbOption(app_->add_option(name, list, help)->allow_extra_args(false)->check(not_empty()));
}

VerbOption VerbOptions::words(const std::string& name, std::vector<std::string>& list, const std::string& help) {
  return VerbOption(app_->add_option(name, list, help));
}

void VerbOptions::without(const std::vector<std::string>& common) {
  for (const std::string& name : common) app_->remove_option(app_->get_option(name));
}

VerbOptions VerbList::add(const std::string& name, const std::string& help,
                          std::function<void(const CommonOptions&)> verb) {
  CLI::App* command = app_->add_subcommand(name, help);
  add_common_options(*command, line_->common_);
  command->callback([line = line_, verb = std::move(verb)] { line->verb_ = verb; });
  return VerbOptions(*command);
}

VerbList VerbList::group(const std::string& name, const std::string& help) {
  CLI::App* group = app_->add_subcommand(name, help);
  group->require_subcommand(1);
  return {*line_, *group};
}

CommandLine::CommandLine(std::function<std::string()> version)
    : app_(std::make_unique<CLI::App>("Octet: train a small language model, quantize it, see what that costs and gains",
                                      "octet")) {
  app_->require_subcommand(1);
  app_->set_version_flag("--version", std::move(version), "version, and the backends with what they lack here");
}

CommandLine::~CommandLine() = default;

VerbList CommandLine::verbs() {
  return {*this, *app_};
}

bool CommandLine::parse(int argc, const char* const* argv) {
  check_verb(*app_, "octet", argv + 1);
  check_values(argc, argv);
  try {
    app_->parse(argc, argv);
    return true;
  } catch (const CLI::ExtrasError&) {
    const std::string verb = app_->get_subcommands().front()->get_name();
    fail(ErrorKind::config, "octet {}: expected no {}; `octet VERB --help` shows the usage", verb,
         fmt::join(app_->remaining(true), " "));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      fail(ErrorKind::config, "{}; `octet VERB --help` shows the usage", error.what());
    }
    // --help and --version come this way too.
    std::ostringstream out, err;
    app_->exit(error, out, err);
    print(out.str());
    return false;
  }
}

}  // namespace octet
