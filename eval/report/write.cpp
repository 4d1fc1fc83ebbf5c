#include "eval/report/page_parts.h"
#include "eval/report/report.h"

namespace octet {

void write_report(const std::filesystem::path& folder, const Report& report) {
  write_pages(folder, "report", {report_to_json(report), report_to_markdown(report), report_to_html(report, folder)});
}

}  // namespace octet
