#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/lab_frame.h"

namespace octet {

/// One training of the lab: the configuration that all share, with overrides as on the command line.
struct VariantConfig {
  std::string name;              ///< of its folder
  std::vector<std::string> set;  ///< `model.qk_norm=true`; none: the configuration as it is

  template <class V>
  void visit(V& v) {
    v("name", name, required(), not_empty());
    v("set", set);
  }
};

/// A configuration of the lab of natural outliers, `octet run configs/labs/natural-outliers.yaml`: that of a run, and
/// the variants to train.
struct NaturalLabConfig {
  RunConfig run;
  std::vector<VariantConfig> variants;

  template <class V>
  void visit(V& v) {
    run.visit(v);
    v("variants", variants, required(), not_empty());
  }
  void validate(Problems& problems) const;
};

/// A configuration of the lab with the folder it writes to.
struct NaturalLabRun {
  NaturalLabConfig config;
  std::filesystem::path folder;

  /// The run of a variant. Error (config) where an override of it is wrong.
  Run run_of(const VariantConfig& variant) const;
  /// The lab with all its runs, in their order.
  LabFrame frame() const;
};

/// Reads what is_natural_lab(), as read_run() reads a run.
NaturalLabRun read_natural_lab(const CommonOptions& common, const ConfigArguments& arguments,
                               const ConfigSource& source);

}  // namespace octet
