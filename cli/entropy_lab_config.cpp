#include "cli/entropy_lab_config.h"

#include <algorithm>
#include <set>

#include "base/lower_case.h"
#include "base/shown_text.h"
#include "cli/stored_config.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostSources = 8;     // beside each other in one chart
constexpr std::int64_t kLeastWindows = 64;  // so that each part of the text has some
const std::set<std::string> kOwnFolders = {"sources", "charts", "checkpoints", "quantized"};

/// Names are those of files and folders, also where a file system takes "A" and "a" for the same.
void check_source_names(const std::vector<SourceConfig>& sources, Problems& problems) {
  std::set<std::string> taken = kOwnFolders;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::string& name = sources[i].name;
    const std::string key = fmt::format("sources.{}.name", i);
    if (file_name_for(name) != name) {
      problems.add(key, "expected a name of letters, digits, '-' and '_', got \"{}\"", excerpt(name));
      continue;
    }
    if (!taken.insert(lower_case(name)).second) {
      problems.add(key, "expected a name that no other source and no folder of the lab has, got \"{}\"", name);
    }
  }
  if (sources.size() > kMostSources) {
    problems.add("sources", "expected at most {} sources, got {}", kMostSources, sources.size());
  }
}

RunConfig run_config(const EntropyLabConfig& lab) {
  RunConfig config;
  config.name = lab.name;
  config.device = lab.device;
  config.math = lab.math;
  config.model = lab.model;
  config.train = lab.train;
  config.quantize = lab.quantize;
  config.eval = lab.eval;
  return config;
}

}  // namespace

void EntropyLabConfig::validate(Problems& problems) const {
  run_config(*this).validate(problems);
  check_source_names(sources, problems);
  if (model.vocabulary > kSmallestVocabulary) {
    problems.add("model.vocabulary", "expected {}, with which a token is a symbol, got {}", kSmallestVocabulary,
                 model.vocabulary);
  }
  const std::int64_t least = kLeastWindows * (model.context + 1);
  if (symbols < least) {
    problems.add("symbols", "expected at least {} ({} windows of the context of {}), got {}", least, kLeastWindows,
                 model.context, symbols);
  }
}

Run EntropyLabRun::run_of(const SourceConfig& source) const {
  Run run = {run_config(config), folder / source.name};
  run.config.name = source.name;
  run.config.corpus.path = text_file(source).string();
  run.config.corpus.name = source.name;
  return run;
}

EntropyLabRun read_entropy_lab(const CommonOptions& common, const ConfigArguments& arguments,
                               const ConfigSource& source) {
  note_source(common, source);
  const std::vector<std::string> overrides = all_overrides(common, arguments, Stage::train);
  if (source.is_run) check_whole_config(source.file());
  EntropyLabRun lab;
  lab.config = source.builtin != nullptr
                   ? parse_config<EntropyLabConfig>(*source.builtin, "built-in " + source.name, overrides)
                   : read_config<EntropyLabConfig>(source.file().string(), overrides);
  lab.folder = !common.out.empty() ? fs::path(common.out)
               : source.is_run     ? fs::path(source.name)
                                   : fs::path("runs") / lab.config.name;
  return lab;
}

}  // namespace octet
