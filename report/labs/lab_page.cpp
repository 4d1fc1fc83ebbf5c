#include "report/labs/lab_page.h"

#include <fmt/format.h>

#include "report/page/html.h"
#include "report/page/markdown.h"

namespace octet {
namespace {

constexpr const char* kTitle = "How it was measured";

}  // namespace

std::string lab_facts_markdown(const std::string& method, const ReportProvenance& provenance) {
  return fmt::format("## {}\n\n{}\n\nOctet {}, {}, {}\n\n", kTitle, escape_markdown(method),
                     escape_markdown(provenance.octet_version), escape_markdown(provenance.created),
                     escape_markdown(provenance.command)) +
         markdown_code(provenance.config, "yaml");
}

std::string lab_facts_html(const std::string& method, const ReportProvenance& provenance) {
  const std::string facts = fmt::format(
      "<p>{}</p>\n<p class=\"small\">Octet {}, {}, {}</p>\n{}", escape_html(method),
      escape_html(provenance.octet_version), escape_html(provenance.created), escape_html(provenance.command),
      html_details("The whole configuration", "<pre>" + escape_html(provenance.config) + "</pre>"));
  return html_section("facts", kTitle, facts);
}

}  // namespace octet
