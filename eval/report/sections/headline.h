#pragma once

#include <functional>
#include <string>
#include <vector>

namespace octet {

struct Report;
struct ReportModel;

// All numbers side by side, a part of the result: a row for each measure, a column for each model.

/// A row: a name, a sentence for newcomers and the value of a model.
struct ReportMetric {
  std::string name;
  std::string explanation;
  std::function<std::string(const ReportModel&)> value;
};
std::vector<ReportMetric> report_metrics(const Report& report);

std::string headline_markdown(const Report& report);
std::string headline_html(const Report& report);

}  // namespace octet
