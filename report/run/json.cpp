#include <algorithm>

#include "base/config/record.h"
#include "base/files/read_file.h"
#include "base/shown_text.h"
#include "report/run/report.h"

namespace octet {

/// The name of a chart becomes a path: it must not lead out of charts/.
void Report::validate(Problems& problems) const {
  for (const Chart& chart : charts) {
    if (file_name_for(chart.name) != chart.name) {
      problems.add("charts", "expected names of files in charts/ (letters, digits, '-' and '_'), got \"{}\"",
                   excerpt(chart.name));
    }
  }
}

std::string report_to_json(const Report& report) {
  return record_to_json(report);
}

Report report_from_json(const std::string& text, const std::string& file_name) {
  return record_from_json<Report>(text, file_name);
}

Report read_report(const std::filesystem::path& path) {
  return report_from_json(read_text_file(path), path.string());
}

}  // namespace octet
