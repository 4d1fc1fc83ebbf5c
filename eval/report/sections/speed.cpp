#include "eval/report/sections/speed.h"

#include "eval/report/chart_drawer.h"
#include "eval/report/report.h"
#include "eval/speed/speed.h"

namespace octet {
namespace {

Chart speed_chart(const Report& report, const std::filesystem::path& folder) {
  std::vector<SpeedPoint> points;
  for (const ReportModel& model : report.models) {
    points.push_back({model.name, model.prefill_tokens_per_s, model.decode_tokens_per_s});
  }
  return draw_speed_chart(folder, "speed", points);
}

void draw(const Report& report, ChartDrawer& drawer) {
  drawer.draw("speed", [&] { return speed_chart(report, drawer.folder()); });
}

}  // namespace

void put_speed(ReportModel& model, const SpeedResult& speed) {
  model.prefill_tokens_per_s = speed.prefill_tokens_per_s;
  model.decode_tokens_per_s = speed.decode_tokens_per_s;
  model.prefill_speedup = speed.prefill_speedup;
  model.decode_speedup = speed.decode_speedup;
}

ReportSection speed_section() {
  return {.id = "speed", .title = "Speed", .draw = draw};
}

}  // namespace octet
