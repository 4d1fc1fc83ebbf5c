#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "eval/report/report.h"

namespace octet {

void write_report(const std::filesystem::path& folder, const Report& report) {
  const std::string json = report_to_json(report);
  const std::string markdown = report_to_markdown(report);
  const std::string html = report_to_html(report, folder);
  make_folder(folder);
  write_file_atomically(folder / "report.json", json);
  write_file_atomically(folder / "report.md", markdown);
  write_file_atomically(folder / "report.html", html);
}

}  // namespace octet
