#include "report/run/sections/speed.h"

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/score/named_model.h"
#include "eval/speed/bench_work.h"
#include "eval/speed/read_limits.h"
#include "eval/speed/speed.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/chart_drawer.h"
#include "report/run/measure.h"
#include "report/run/report.h"
#include "report/run/sections/charts.h"

namespace octet {
namespace {

Chart speed_chart(const Report& report, const std::filesystem::path& folder, const std::string& file) {
  std::vector<SpeedPoint> points;
  for (const ReportModel& model : report.models) {
    points.push_back({model.name, model.prefill_tokens_per_s, model.decode_tokens_per_s});
  }
  return draw_speed_chart(folder, file, points);
}

Chart roofline_chart(const Report& report, const MachineLimits& limits, const std::filesystem::path& folder,
                     const std::string& file) {
  RooflineChart chart{limits.peak_fp32_gflops, limits.peak_int8_gops, limits.read_gbps, {}};
  for (const ReportModel& model : report.models) {
    const auto& [prefill, decode] = model.roofs;
    chart.points.push_back({model.name, prefill.operations_per_byte, prefill.gops, false});
    chart.points.push_back({model.name, decode.operations_per_byte, decode.gops, true});
  }
  return draw_roofline_chart(folder, file, chart);
}

void draw(const Report& report, ChartDrawer& drawer) {
  drawer.draw("speed", "speed", [&](const std::string& file) { return speed_chart(report, drawer.folder(), file); });
  if (report.machine_limits) {
    drawer.draw("roofline", "roofline", [&](const std::string& file) {
      return roofline_chart(report, *report.machine_limits, drawer.folder(), file);
    });
  }
}

constexpr const char* kExplanation =
    "No task can be faster than the machine brings its weights or multiplies its numbers, whichever takes longer: the "
    "roofline. The share says how near each version came to its own limit.";

const std::vector<std::string>& header() {
  static const std::vector<std::string> names = {"Version",          "Prefill, tokens/s", "of the limit", "which is",
                                                 "Decode, tokens/s", "of the limit",      "which is"};
  return names;
}

std::vector<std::string> cells(const ReportModel& model, std::string (*escape)(std::string_view)) {
  const auto& [prefill, decode] = model.roofs;
  return {escape(model.name),    format_rate(model.prefill_tokens_per_s), format_percent(prefill.share_of_limit, 0),
          escape(prefill.limit), format_rate(model.decode_tokens_per_s),  format_percent(decode.share_of_limit, 0),
          escape(decode.limit)};
}

std::string markdown(const Report& report) {
  if (!report.machine_limits) return "";
  std::string text = fmt::format("{}\n\n{}{}", kExplanation, kChartsHere, markdown_header(header()));
  for (const ReportModel& model : report.models) text += markdown_row(cells(model, escape_markdown));
  return text + "\n";
}

std::string html(const Report& report, const std::filesystem::path&) {
  if (!report.machine_limits) return "";
  std::vector<std::vector<std::string>> rows;
  for (const ReportModel& model : report.models) rows.push_back(cells(model, escape_html));
  return fmt::format("<p>{}</p>\n{}{}", kExplanation, kChartsHere, html_table(header(), rows));
}

ReportRoof roof_of(const BenchWork& work, double seconds, const MachineLimits& machine, ReadLimits& read_limits) {
  const double reached = work.bytes / seconds / 1e9;
  const BenchLimit limit = bench_limit(work, machine, read_limits.gbps(work.pass_bytes, reached));
  return {work.operations() / work.bytes, work.operations() / seconds / 1e9, limit.seconds / seconds, limit.name()};
}

/// Measures the limits of the machine and holds the speeds of all models against them.
void measure_roofs(Report& report, std::span<const NamedModel> models, std::span<const SpeedResult> speeds) {
  const DeviceKind device = models.front().model->device();
  const MachineLimits machine = measure_machine_limits(device);
  ReadLimits read_limits(machine.read_gbps, [&](std::int64_t bytes) { return measure_read_gbps(bytes, device); });
  for (std::size_t i = 0; i < models.size(); ++i) {
    const SpeedResult& speed = speeds[i];
    Gpt& model = *models[i].model;
    const auto roof = [&](SpeedTask::Kind kind, std::int64_t tokens, double tokens_per_s) {
      return roof_of(bench_work(model, {.kind = kind, .tokens = tokens}), static_cast<double>(tokens) / tokens_per_s,
                     machine, read_limits);
    };
    report.models[i].roofs = {roof(SpeedTask::Kind::prompt, speed.prompt_tokens, speed.prefill_tokens_per_s),
                              roof(SpeedTask::Kind::generate, speed.decode_tokens, speed.decode_tokens_per_s)};
  }
  report.machine_limits = machine;
}

void put_speed(ReportModel& model, const SpeedResult& speed) {
  model.prefill_tokens_per_s = speed.prefill_tokens_per_s;
  model.decode_tokens_per_s = speed.decode_tokens_per_s;
  model.prefill_speedup = speed.prefill_speedup;
  model.decode_speedup = speed.decode_speedup;
}

void measure(Report& report, const MeasuredModels& measured) {
  measured.progress.note("timing prefill and decode of every model");
  const std::vector<SpeedResult> speeds = measure_speed(measured.models, measured.config.speed);
  for (std::size_t i = 0; i < speeds.size(); ++i) {
    put_speed(report.models[i], speeds[i]);
  }
  measure_roofs(report, measured.models, speeds);
}

}  // namespace

ReportSection speed_section() {
  return {.id = "speed", .title = "Speed", .measure = measure, .markdown = markdown, .html = html, .draw = draw};
}

}  // namespace octet
