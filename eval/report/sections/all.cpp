#include "eval/report/sections/attribution.h"
#include "eval/report/sections/census.h"
#include "eval/report/sections/charts.h"
#include "eval/report/sections/comparisons.h"
#include "eval/report/sections/coverage.h"
#include "eval/report/sections/explained.h"
#include "eval/report/sections/facts.h"
#include "eval/report/sections/layer_errors.h"
#include "eval/report/sections/microscope.h"
#include "eval/report/sections/notices.h"
#include "eval/report/sections/outlier_lab.h"
#include "eval/report/sections/outliers.h"
#include "eval/report/sections/result.h"
#include "eval/report/sections/samples.h"
#include "eval/report/sections/section.h"
#include "eval/report/sections/seeds.h"
#include "eval/report/sections/speed.h"
#include "eval/report/sections/token_changes.h"
#include "eval/report/sections/training.h"

namespace octet {

std::span<const ReportSection> report_sections() {
  static const ReportSection sections[] = {
      notices_section(),      result_section(),        quality_section(),     comparisons_section(),
      seeds_section(),        token_changes_section(), speed_section(),       outliers_section(),
      census_section(),       explained_section(),     outlier_lab_section(), attribution_section(),
      layer_errors_section(), microscope_section(),    coverage_section(),    samples_section(),
      training_section(),     charts_section(),        facts_section(),
  };
  return sections;
}

}  // namespace octet
