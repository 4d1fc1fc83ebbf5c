#include "cli/coverage_file.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  static const fuzz::Folder folder;
  folder.write("coverage.json", fuzz::as_text(data, size));
  const auto model = fuzz::accepted([&] {
    ReportModel read;
    read.name = "int8";
    read_coverage(folder.path(), read);
    return read;
  });
  if (model) {
    Report report;
    report.models = {ReportModel{}, *model};
    report_to_markdown(report);
    report_to_html(report, folder.path());
    report_from_json(report_to_json(report), "written");
  }
  return 0;
}
