#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "eval/score/windows.h"
#include "nn/gpt.h"
#include "quant/recipe.h"
#include "report/charts/charts.h"

namespace octet {

struct Report;

/// What charts need beside the report. The functions are called by the charts that need what they load: where that
/// fails, the others are drawn all the same.
struct ChartSources {
  std::filesystem::path metrics;                 ///< metrics.jsonl of the training; empty: there was none
  std::vector<Recipe> recipes;                   ///< of the quantized models
  std::function<Gpt&()> fp32;                    ///< the trained model
  std::function<std::vector<Window>()> windows;  ///< of the test text, for its activations
};

/// The charts that could be drawn, and why others could not.
struct DrawnCharts {
  std::vector<Chart> charts;
  std::vector<std::string> notices;  ///< also noted on `progress`
};

/// Draws a chart as FILE.svg, of which it is told FILE.
using DrawChart = std::function<Chart(const std::string& file)>;

/// Draws charts one by one; what goes wrong with one becomes a notice and leaves the others alone.
class ChartDrawer {
 public:
  ChartDrawer(std::filesystem::path folder, const ChartSources& sources, ProgressSink& progress)
      : folder_(std::move(folder)), sources_(sources), progress_(&progress) {}
  /// Draws nothing: only lists what there would be to draw.
  explicit ChartDrawer(const ChartSources& sources) : sources_(sources) {}

  /// The charts that follow are of this section (ReportSection::id).
  void begin_section(std::string id) { section_ = std::move(id); }

  /// `file` is the chart's name in the folder and the report, `title` stands in the notice. Error (interrupted) after
  /// Ctrl-C.
  void draw(const std::string& file, const std::string& title, const DrawChart& chart);

  const std::filesystem::path& folder() const { return folder_; }
  const ChartSources& sources() const { return sources_; }
  DrawnCharts take() { return std::move(drawn_); }
  const std::vector<std::string>& files() const { return files_; }  ///< of all charts so far, also of those left out

 private:
  std::filesystem::path folder_;
  const ChartSources& sources_;
  ProgressSink* progress_ = nullptr;  // null: nothing is drawn
  std::string section_;
  std::vector<std::string> files_;
  DrawnCharts drawn_;
};

/// The names of the charts that draw_charts() would try to draw, in their order. Loads nothing.
std::vector<std::string> chart_names(const Report& report, const ChartSources& sources);

/// Draws the charts of all sections into `folder`. Each on its own: one that fails, or whose input is missing, becomes
/// a notice with its name and the reason, and the others are drawn; without gnuplot there is one notice for all. Error
/// (interrupted) after Ctrl-C.
DrawnCharts draw_charts(const std::filesystem::path& folder, const Report& report, const ChartSources& sources,
                        ProgressSink& progress);

}  // namespace octet
