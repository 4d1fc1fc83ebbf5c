#include "eval/report/markdown.h"

#include <fmt/format.h>

#include "eval/report/report.h"
#include "eval/report/sections/section.h"
#include "eval/report/summary.h"

namespace octet {

std::string report_to_markdown(const Report& report) {
  std::string text = fmt::format("# Octet report: {}\n\n", escape_markdown(report.name));
  for (const std::string& sentence : summarize_run(report)) text += escape_markdown(sentence) + " ";
  text += "\n\n";
  for (const ReportSection& section : report_sections()) {
    if (section.markdown != nullptr) text += section.markdown(report);
  }
  return text;
}

}  // namespace octet
