#include "report/page/page_parts.h"

#include <fmt/format.h>

#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "report/page/html.h"
#include "report/page/markdown.h"

namespace octet {

std::string markdown_sentences(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += escape_markdown(sentence) + " ";
  return text;
}

std::string html_sentences(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += escape_html(sentence) + " ";
  return text;
}

std::string markdown_notices(const std::vector<std::string>& notices) {
  std::string text;
  for (const std::string& notice : notices) text += "> Note: " + escape_markdown(notice) + "\n\n";
  return text;
}

std::string html_notices(const std::vector<std::string>& notices) {
  std::string text;
  for (const std::string& notice : notices) text += "<p class=\"notice\">" + escape_html(notice) + "</p>\n";
  return text;
}

std::string markdown_figure(const Chart& chart, std::size_t level) {
  return fmt::format("{0} {1}\n\n![{1}](charts/{2}.svg)\n\n{3}\n\n", std::string(level, '#'),
                     escape_markdown(chart.title), chart.name, escape_markdown(chart.caption));
}

void write_pages(const std::filesystem::path& folder, const std::string& name, const Pages& pages) {
  make_folder(folder);
  write_file_atomically(folder / (name + ".json"), pages.json);
  write_file_atomically(folder / (name + ".md"), pages.markdown);
  write_file_atomically(folder / (name + ".html"), pages.html);
}

}  // namespace octet
