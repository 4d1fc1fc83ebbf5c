#include "cli/natural_lab_config.h"

#include <set>

#include "cli/lab_folder.h"

namespace octet {
namespace {

constexpr std::size_t kMostVariants = 12;  // rows of one chart
constexpr std::size_t kMostRecipes = 4;    // bars of one row
const std::set<std::string> kFoldersOfLab = {"charts", "checkpoints", "quantized", "seeds"};

RunConfig with_overrides(const RunConfig& shared, const VariantConfig& variant) {
  RunConfig config = shared;
  override_and_check(config, "variant " + variant.name, variant.set);
  config.name = variant.name;
  return config;
}

void check_names(const std::vector<VariantConfig>& variants, Problems& problems) {
  std::vector<std::string> names;
  for (const VariantConfig& variant : variants) names.push_back(variant.name);
  check_names_of_runs("variants", "variant", names, kFoldersOfLab, problems);
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

LabFrame NaturalLabRun::frame() const {
  LabFrame frame = {kNaturalLab, folder, {}};
  for (const VariantConfig& variant : config.variants) frame.runs.push_back(run_of(variant));
  return frame;
}

NaturalLabRun read_natural_lab(const CommonOptions& common, const ConfigArguments& arguments,
                               const ConfigSource& source) {
  NaturalLabRun lab;
  lab.config = read_lab_config<NaturalLabConfig>(common, arguments, source);
  lab.folder = output_folder(common, source, lab.config.run.name);
  return lab;
}

}  // namespace octet
