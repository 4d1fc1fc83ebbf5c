#include "cli/entropy_lab_config.h"

#include <set>

#include "cli/lab_folder.h"

namespace octet {
namespace {

constexpr std::size_t kMostSources = 8;     // beside each other in one chart
constexpr std::int64_t kLeastWindows = 64;  // so that each part of the text has some
const std::set<std::string> kOtherFolders = {"sources", "charts", "checkpoints", "quantized"};

void check_sources(const std::vector<SourceConfig>& sources, Problems& problems) {
  std::vector<std::string> names;
  for (const SourceConfig& source : sources) names.push_back(source.name);
  check_names_of_runs("sources", "source", names, kOtherFolders, problems);
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
  check_sources(sources, problems);
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

LabFrame EntropyLabRun::frame() const {
  LabFrame frame = {kEntropyLab, folder, {}};
  for (const SourceConfig& source : config.sources) frame.runs.push_back(run_of(source));
  return frame;
}

EntropyLabRun read_entropy_lab(const CommonOptions& common, const ConfigArguments& arguments,
                               const ConfigSource& source) {
  EntropyLabRun lab;
  lab.config = read_lab_config<EntropyLabConfig>(common, arguments, source);
  lab.folder = output_folder(common, source, lab.config.name);
  return lab;
}

}  // namespace octet
