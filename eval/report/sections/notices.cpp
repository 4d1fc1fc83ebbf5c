#include "eval/report/sections/notices.h"

#include "eval/report/html.h"
#include "eval/report/markdown.h"
#include "eval/report/report.h"

namespace octet {
namespace {

std::string markdown(const Report& report) {
  std::string text;
  for (const std::string& notice : report.notices) text += "> Note: " + escape_markdown(notice) + "\n\n";
  return text;
}

std::string html(const Report& report, const std::filesystem::path&) {
  std::string text;
  for (const std::string& notice : report.notices) text += "<p class=\"notice\">" + escape_html(notice) + "</p>\n";
  return text;
}

}  // namespace

ReportSection notices_section() {
  return {.markdown = markdown, .html = html};
}

}  // namespace octet
