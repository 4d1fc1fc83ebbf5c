#include "eval/report/sections/notices.h"

#include "eval/report/page_parts.h"
#include "eval/report/report.h"

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
