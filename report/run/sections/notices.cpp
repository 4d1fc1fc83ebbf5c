#include "report/run/sections/notices.h"

#include "report/page/page_parts.h"
#include "report/run/report.h"

namespace octet {
namespace {

std::string markdown(const Report& report) {
  return markdown_notices(report.notices);
}

std::string html(const Report& report, const std::filesystem::path&) {
  return html_notices(report.notices);
}

}  // namespace

ReportSection notices_section() {
  return {.markdown = markdown, .html = html};
}

}  // namespace octet
