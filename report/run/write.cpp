#include "report/page/page_parts.h"
#include "report/run/report.h"

namespace octet {

void write_report(const std::filesystem::path& folder, const Report& report) {
  write_pages(folder, "report", {report_to_json(report), report_to_markdown(report), report_to_html(report, folder)});
}

}  // namespace octet
