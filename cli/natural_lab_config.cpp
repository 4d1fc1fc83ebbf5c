#include "cli/natural_lab_config.h"

#include <set>

#include "base/lower_case.h"
#include "base/shown_text.h"
#include "cli/stored_config.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostVariants = 12;  // rows of one chart
constexpr std::size_t kMostRecipes = 4;    // bars of one row
const std::set<std::string> kOwnFolders = {"charts", "checkpoints", "quantized", "seeds"};

RunConfig with_overrides(const RunConfig& shared, const VariantConfig& variant) {
  RunConfig config = shared;
  override_and_check(config, "variant " + variant.name, variant.set);
  config.name = variant.name;
  return config;
}

/// Names are those of folders, also where a file system takes "A" and "a" for the same.
void check_names(const std::vector<VariantConfig>& variants, Problems& problems) {
  std::set<std::string> taken = kOwnFolders;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const std::string& name = variants[i].name;
    const std::string key = fmt::format("variants.{}.name", i);
    if (file_name_for(name) != name) {
      problems.add(key, "expected a name of letters, digits, '-' and '_', got \"{}\"", excerpt(name));
    } else if (!taken.insert(lower_case(name)).second) {
      problems.add(key, "expected a name that no other variant and no folder of the lab has, got \"{}\"", name);
    }
  }
}

/// The text and the recipes are shared: else the rows of the table could not stand beside each other.
void check_overrides(const NaturalLabConfig& lab, Problems& problems) {
  for (std::size_t i = 0; i < lab.variants.size(); ++i) {
    const std::string key = fmt::format("variants.{}.set", i);
    try {
      RunConfig config = with_overrides(lab.run, lab.variants[i]);
      config.name = lab.run.name;
      config.model = lab.run.model;
      config.train = lab.run.train;
      if (const auto others = differences(lab.run, config); !others.empty()) {
        problems.add(key, "expected keys of model and train, which alone may differ, got {}", others.front());
      }
    } catch (const Error& error) {
      problems.add(key, "{}", error.what());
    }
  }
}

}  // namespace

void NaturalLabConfig::validate(Problems& problems) const {
  if (!run.checkpoint.empty()) {  // its own rules would blame what the lab says of the training
    problems.add("checkpoint", "expected none in this lab, which trains its models, got \"{}\"",
                 excerpt(run.checkpoint));
    return;
  }
  run.validate(problems);
  check_names(variants, problems);
  if (!problems.list().empty()) return;  // of a shared part that is wrong, each variant would say so again
  check_overrides(*this, problems);
  if (variants.size() > kMostVariants) {
    problems.add("variants", "expected at most {} variants, got {}", kMostVariants, variants.size());
  }
  if (run.quantize.size() > kMostRecipes) {
    problems.add("quantize", "expected at most {} recipes in this lab, got {}", kMostRecipes, run.quantize.size());
  }
  if (run.seeds != 1) problems.add("seeds", "expected 1 in this lab, got {}", run.seeds);
}

Run NaturalLabRun::run_of(const VariantConfig& variant) const {
  return {with_overrides(config.run, variant), folder / variant.name};
}

NaturalLabRun read_natural_lab(const CommonOptions& common, const ConfigArguments& arguments,
                               const ConfigSource& source) {
  note_source(common, source);
  const std::vector<std::string> overrides = all_overrides(common, arguments, Stage::train);
  if (source.is_run) check_whole_config(source.file());
  NaturalLabRun lab;
  lab.config = source.builtin != nullptr
                   ? parse_config<NaturalLabConfig>(*source.builtin, "built-in " + source.name, overrides)
                   : read_config<NaturalLabConfig>(source.file().string(), overrides);
  lab.folder = !common.out.empty() ? fs::path(common.out)
               : source.is_run     ? fs::path(source.name)
                                   : fs::path("runs") / lab.config.run.name;
  return lab;
}

}  // namespace octet
