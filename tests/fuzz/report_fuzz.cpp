#include "report/run/report.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  static const fuzz::Folder folder;
  const std::string text(fuzz::as_text(data, size));
  if (const auto report = fuzz::accepted([&] { return report_from_json(text, "report.json"); })) {
    report_table(*report);
    report_to_markdown(*report);
    report_to_html(*report, folder.path());
    const std::string json = report_to_json(*report);
    fuzz::promise(report_to_json(report_from_json(json, "written")) == json,
                  "a report that was written reads back equal");
  }
  return 0;
}
