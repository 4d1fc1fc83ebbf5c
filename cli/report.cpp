#include "cli/console.h"
#include "cli/report_charts.h"
#include "cli/run_folder.h"
#include "cli/stages.h"

namespace octet {

Report report_stage(const Run& run, ProgressSink& progress) {
  Report report = read_report(run.report_file());
  DrawnCharts drawn = draw_charts(run, report, progress);
  report.charts = std::move(drawn.charts);
  report.notices = std::move(drawn.notices);
  write_report(run.folder, report);
  return report;
}

void print_report(const CommonOptions& common, const Report& report, const std::filesystem::path& file) {
  if (common.json) {
    print_exactly(report_to_json(report));
    return;
  }
  print(fmt::format("{}\n{}\n", report_table(report), file.string()));
}

void report_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  Run run = read_stage(common, arguments, Stage::report);
  check_run_folder(run);
  lock_run(run);
  const auto progress = make_progress(common);
  print_report(common, report_stage(run, *progress), run.report_page());
}

}  // namespace octet
