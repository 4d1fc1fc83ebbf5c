#include "report/run/measure.h"

#include "eval/test_windows.h"
#include "report/run/report.h"

namespace octet {

std::vector<Window> MeasuredModels::windows(std::int64_t count) const {
  return test_windows(test.runs, tokenizer, config, fp32().config(), count);
}

void measure_models(Report& report, const MeasuredModels& measured) {
  for (const ReportSection& section : report_sections()) {
    if (section.measure != nullptr) section.measure(report, measured);
  }
}

void measure_scores(Report& report, const MeasuredModels& measured) {
  result_section().measure(report, measured);
}

}  // namespace octet
