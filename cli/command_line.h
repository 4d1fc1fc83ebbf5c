#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/arguments.h"

// How verbs say what they take. A thin layer above CLI11, whose header takes longer to compile than most verbs: only
// command_line.cpp includes it.

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace octet {

// Limits of options that several verbs have.
inline constexpr std::int64_t kMostPositions = std::int64_t{1} << 20;  // as the context of a model
inline constexpr std::int64_t kMostSequences = 65'535;                 // the blocks of a GPU in one direction
inline constexpr std::int64_t kMostTokens = 100'000'000;               // of text

/// Both ends belong to it.
template <typename T>
struct OptionRange {
  T low, high;
};

/// One option, to say more about it.
class VerbOption {
 public:
  explicit VerbOption(CLI::Option* option) : option_(option) {}

  VerbOption& required();
  VerbOption& shows_default();
  VerbOption& not_blank();
  VerbOption& expected(int least, int most);  ///< words

 private:
  CLI::Option* option_;
};

/// What one verb takes, in the order of its help. A name with dashes is that of an option, one without that of a word.
/// What the caller gives goes into `value`, which holds the default before.
class VerbOptions {
 public:
  explicit VerbOptions(CLI::App& app) : app_(&app) {}

  void flag(const std::string& name, bool& value, const std::string& help);
  /// Not an empty one, which would silently mean that the option was not given.
  VerbOption text(const std::string& name, std::string& value, const std::string& help);
  /// One of `names`.
  VerbOption choice(const std::string& name, std::string& value, const std::vector<std::string>& names,
                    const std::string& help);
  VerbOption integer(const std::string& name, std::int64_t& value, OptionRange<std::int64_t> range,
                     const std::string& help);
  /// Finite.
  VerbOption number(const std::string& name, double& value, OptionRange<double> range, const std::string& help);
  /// A list with commas, in one word.
  VerbOption integers(const std::string& name, std::vector<std::int64_t>& list, OptionRange<std::int64_t> range,
                      const std::string& help);
  VerbOption texts(const std::string& name, std::vector<std::string>& list, const std::string& help);
  /// An option that may be given several times, each time with one text.
  VerbOption repeated(const std::string& name, std::vector<std::string>& list, const std::string& help);
  /// All words that are left.
  VerbOption words(const std::string& name, std::vector<std::string>& list, const std::string& help);
  /// Takes back common options that would be without effect here, so that whoever gives one is told.
  void without(const std::vector<std::string>& common);

 private:
  CLI::App* app_;
};

/// A verb that was added: its options, and the arguments that they go into.
template <typename Arguments>
struct AddedVerb {
  VerbOptions options;
  Arguments& arguments;
};

class CommandLine;

/// The verbs of `octet`, or those of one of its groups.
class VerbList {
 public:
  VerbList(CommandLine& line, CLI::App& app) : line_(&line), app_(&app) {}

  VerbOptions add(const std::string& name, const std::string& help, std::function<void(const CommonOptions&)> verb);

  /// A verb with arguments of its own, which live as long as the command line.
  template <typename Arguments>
  AddedVerb<Arguments> add(const std::string& name, const std::string& help,
                           void (*verb)(const CommonOptions&, const Arguments&)) {
    const auto arguments = std::make_shared<Arguments>();
    const VerbOptions options =
        add(name, help, [arguments, verb](const CommonOptions& common) { verb(common, *arguments); });
    return {options, *arguments};
  }

  /// A verb that is followed by another one, as in `octet configs ls`.
  VerbList group(const std::string& name, const std::string& help);

 private:
  CommandLine* line_;
  CLI::App* app_;
};

/// What the caller typed.
class CommandLine {
 public:
  /// `version` is what --version prints.
  explicit CommandLine(std::function<std::string()> version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  VerbList verbs();

  /// Reads the words of main(). False after --help or --version, whose text is printed then. Error (config): usage.
  bool parse(int argc, const char* const* argv);

  const CommonOptions& common() const { return common_; }
  /// Does what the verb that was named does.
  void run() const { verb_(common_); }

 private:
  friend class VerbList;

  std::unique_ptr<CLI::App> app_;
  CommonOptions common_;
  std::function<void(const CommonOptions&)> verb_;
};

}  // namespace octet
