#pragma once

#include <functional>
#include <string>
#include <vector>

namespace octet {

struct Report;
struct ReportModel;

// All numbers side by side: a row for each model, a column for each measure. The first screen has the measures that
// people ask for first, the section of size and quality has the others.

/// A column: a name, a sentence for newcomers and the value of a model.
struct ReportMetric {
  std::string name;
  std::string explanation;
  std::function<std::string(const ReportModel&)> value;
  bool on_first_screen = false;
};
std::vector<ReportMetric> report_metrics(const Report& report);

/// The table of the first screen, or that of the other measures, and below it what its columns mean.
std::string metrics_markdown(const Report& report, bool first_screen);
std::string metrics_html(const Report& report, bool first_screen);

}  // namespace octet
