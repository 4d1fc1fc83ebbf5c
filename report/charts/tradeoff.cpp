#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"
#include "report/charts/number_placer.h"

namespace octet {

namespace {

constexpr std::size_t kMostLabelColumns = 40;
constexpr std::size_t kMostLabels = 10;         // of more points only those of the front have one
constexpr double kWidth = 1000, kHeight = 560;  // of the picture, in pixels
// Of the axes, as shares of it.
constexpr double kLeft = 0.09, kRight = 0.97, kBottom = 0.13, kTop = 0.87;

struct Range {
  double low, high;
  double size() const { return high - low; }
};

/// Maps data to pixels and finds a free place beside each point for its label.
class LabelPlacer {
 public:
  /// `log_x`: sizes stand on a logarithmic axis, and `x` is of their logarithms.
  LabelPlacer(Range x, Range y, bool log_x, const std::vector<TradeoffPoint>& points) : x_(x), y_(y), log_x_(log_x) {
    for (const TradeoffPoint& point : points) {
      const double px = pixel_x(point.size_mb);
      taken_.push_back({px - 8, px + 8, std::min(pixel_y(point.low), pixel_y(point.perplexity) - 8),
                        std::max(pixel_y(point.high), pixel_y(point.perplexity) + 8)});
    }
    const double baseline = pixel_y(points[0].perplexity);
    taken_.push_back({0, kWidth, baseline - 1, baseline + 1});  // the dashed line
  }

  /// No label covers the steps between these points: to the right first, then down.
  void keep_steps_free(const std::vector<TradeoffPoint>& front) {
    for (std::size_t i = 0; i + 1 < front.size(); ++i) {
      const double left = pixel_x(front[i].size_mb), right = pixel_x(front[i + 1].size_mb);
      const double top = pixel_y(front[i].perplexity), bottom = pixel_y(front[i + 1].perplexity);
      taken_.push_back({left, right, top - 1, top + 1});
      taken_.push_back({right - 1, right + 1, bottom, top});
    }
  }

  /// The gnuplot command that puts the label, with a thin line to its point where it had to move
  /// away.
  std::string place(const TradeoffPoint& point, const std::string& text) {
    constexpr double kCharWidth = 7.2, kLineHeight = 19, kGap = 13;
    constexpr int kPlaces = 60;
    const double width = kCharWidth * static_cast<double>(display_width(text));
    const double px = pixel_x(point.size_mb);
    const double py = pixel_y(point.perplexity);
    // Where no line to a free place keeps off the other labels, it may cross them: the name matters more.
    for (int attempt = 0; attempt < 2 * kPlaces; ++attempt) {
      const int place = attempt % kPlaces;
      const bool to_right = place % 2 == 0, may_cross = attempt >= kPlaces;
      const int step = (place / 2 + 1) / 2 * (place / 2 % 2 == 0 ? 1 : -1);  // 0, -1, 1, -2, 2, ...
      const double y = py + step * kLineHeight;
      const double x = to_right ? px + kGap : px - kGap;
      const Box box{to_right ? x : x - width, to_right ? x + width : x, y - kLineHeight / 2, y + kLineHeight / 2};
      const bool far = std::abs(step) > 1;
      const std::vector<Box> leader = far ? line_boxes(px, py, x, y) : std::vector<Box>();
      if ((is_free(box) && (may_cross || crosses_no_label(leader))) || attempt == 2 * kPlaces - 1) {
        taken_.push_back(box);
        labels_.push_back(box);
        taken_.insert(taken_.end(), leader.begin(), leader.end());
        return command(text, x, y, to_right, far ? &point : nullptr);
      }
    }
    return {};
  }

 private:
  double pixel_x(double size_mb) const {
    const double value = log_x_ ? std::log(size_mb) : size_mb;
    return kWidth * (kLeft + (kRight - kLeft) * (value - x_.low) / x_.size());
  }
  double pixel_y(double value) const { return kHeight * (kBottom + (kTop - kBottom) * (value - y_.low) / y_.size()); }
  bool is_free(const Box& box) const {
    const Box axes{kWidth * kLeft, kWidth * kRight, kHeight * kBottom + 4, kHeight * kTop};
    if (box.left < axes.left || box.right > axes.right || box.bottom < axes.bottom || box.top > axes.top) return false;
    return std::none_of(taken_.begin(), taken_.end(), [&](const Box& other) { return box.overlaps(other); });
  }
  /// Small boxes along a thin line, for no label to lie on.
  static std::vector<Box> line_boxes(double x0, double y0, double x1, double y1) {
    constexpr double kHalf = 3, kGap = 6;  // pixels
    std::vector<Box> boxes;
    const int count = static_cast<int>(std::hypot(x1 - x0, y1 - y0) / kGap);
    for (int i = 1; i < count; ++i) {
      const double x = x0 + (x1 - x0) * i / count, y = y0 + (y1 - y0) * i / count;
      boxes.push_back({x - kHalf, x + kHalf, y - kHalf, y + kHalf});
    }
    return boxes;
  }
  bool crosses_no_label(const std::vector<Box>& line) const {
    return std::none_of(line.begin(), line.end(), [&](const Box& box) {
      return std::any_of(labels_.begin(), labels_.end(), [&](const Box& label) { return box.overlaps(label); });
    });
  }
  std::string command(const std::string& text, double x, double y, bool to_right, const TradeoffPoint* leader) const {
    std::string commands = fmt::format("set label {} at screen {:.4f},{:.4f} {} textcolor rgb '{}'", gp_text(text),
                                       x / kWidth, y / kHeight, to_right ? "left" : "right", Palette::kInk);
    if (leader != nullptr) {
      commands += fmt::format("\nset arrow from {:.7g},{:.7g} to screen {:.4f},{:.4f} nohead linecolor rgb '{}'",
                              leader->size_mb, leader->perplexity, (to_right ? x - 3 : x + 3) / kWidth, y / kHeight,
                              Palette::kMuted);
    }
    return commands;
  }

  Range x_, y_;
  bool log_x_;
  std::vector<Box> taken_;
  std::vector<Box> labels_;  // among them
};

/// From 0 on, or the logarithms of sizes around all of them: many crowd beside one that is far larger.
Range choose_sizes(const std::vector<TradeoffPoint>& points, bool log) {
  double smallest = INFINITY, largest = 0;
  for (const TradeoffPoint& point : points) {
    smallest = std::min(smallest, point.size_mb);
    largest = std::max(largest, point.size_mb);
  }
  if (!log) return {0, largest > 0 ? 1.12 * largest : 1.0};
  const double room = std::max(0.06 * std::log(largest / smallest), 0.02);
  return {std::log(smallest) - room, std::log(largest) + 2 * room};
}

/// 1, 2 and 5 times powers of ten between two logarithms, as tics: gnuplot alone would write the powers.
std::string tics_between(Range logarithms) {
  std::string tics;
  for (int power = -6; power <= 9; ++power) {
    for (const int digit : {1, 2, 5}) {
      const double value = digit * std::pow(10.0, power);
      if (std::log(value) < logarithms.low || std::log(value) > logarithms.high) continue;
      tics += fmt::format("{}'{:g}' {:g}", tics.empty() ? "" : ", ", value, value);
    }
  }
  return tics;
}

/// `shown`: the points that must be in sight.
Range choose_perplexities(const std::vector<TradeoffPoint>& points, const std::vector<TradeoffPoint>& shown) {
  Range range{points[0].perplexity, points[0].perplexity};
  for (const TradeoffPoint& point : shown) {
    range.low = std::min({range.low, point.perplexity, point.low});
    range.high = std::max({range.high, point.perplexity, point.high});
  }
  // At least 1 % tall: a smaller difference must not look like a cliff.
  const double missing = std::max(0.0, 0.01 * points[0].perplexity - range.size());
  const double room = 0.14 * (range.size() + missing);
  return {range.low - missing / 2 - room, range.high + missing / 2 + room};
}

/// Points that no other beats in one of size and perplexity without losing in the other, from the smallest on: the
/// Pareto front.
std::vector<TradeoffPoint> front_of(const std::vector<TradeoffPoint>& points) {
  std::vector<TradeoffPoint> front;
  for (const TradeoffPoint& point : points) {
    if (std::none_of(points.begin(), points.end(), [&](const TradeoffPoint& other) {
          return other.size_mb <= point.size_mb && other.perplexity <= point.perplexity &&
                 (other.size_mb < point.size_mb || other.perplexity < point.perplexity);
        })) {
      front.push_back(point);
    }
  }
  std::sort(front.begin(), front.end(), [](const auto& a, const auto& b) { return a.size_mb < b.size_mb; });
  return front;
}

std::string make_title(const std::vector<TradeoffPoint>& front, const std::vector<TradeoffPoint>& points) {
  const TradeoffPoint& smallest = front.front();
  if (smallest.size_mb >= points[0].size_mb || smallest.size_mb <= 0) return "Perplexity against size";
  return fmt::format("{} is {:.1f} times smaller than {} and has {} perplexity", smallest.label,
                     points[0].size_mb / smallest.size_mb, points[0].label,
                     format_change(smallest.perplexity / points[0].perplexity - 1));
}

}  // namespace

Chart draw_tradeoff_chart(const std::filesystem::path& folder, const std::string& name,
                          const std::vector<TradeoffPoint>& points, double confidence) {
  std::vector<TradeoffPoint> shown;
  for (const TradeoffPoint& point : points) {
    if (!std::isfinite(point.size_mb) || !std::isfinite(point.perplexity) || point.perplexity <= 0) continue;
    shown.push_back(point);
    shown.back().label = shortened(point.label, kMostLabelColumns);
    if (!std::isfinite(point.low)) shown.back().low = point.perplexity;
    if (!std::isfinite(point.high)) shown.back().high = point.perplexity;
  }
  check(!shown.empty(), "[tradeoff chart] expected points with a size and a perplexity, got none");
  const std::vector<TradeoffPoint> front = front_of(shown);
  const bool many = shown.size() > kMostLabels;
  const bool log_x = many && std::all_of(shown.begin(), shown.end(), [](const auto& p) { return p.size_mb > 0; });
  const Range sizes = choose_sizes(shown, log_x);
  const Range perplexities = choose_perplexities(shown, many ? front : shown);

  ChartScript script(name, static_cast<int>(kWidth), static_cast<int>(kHeight));
  script.begin_block("size in MB, perplexity, low, high, bits per weight; the first row is the baseline");
  for (const TradeoffPoint& point : shown) {
    script.row({point.size_mb, point.perplexity, point.low, point.high, point.bits_per_weight});
  }
  script.line(fmt::format("set lmargin at screen {}; set rmargin at screen {}", kLeft, kRight));
  script.line(fmt::format("set bmargin at screen {}; set tmargin at screen {}", kBottom, kTop));
  script.line(fmt::format("set title {} font ',16'", gp_bold(make_title(front, shown))));
  script.line(log_x ? "set xlabel 'file size (MB, log scale)'; set logscale x" : "set xlabel 'file size (MB)'");
  if (log_x) script.line(fmt::format("set xtics ({})", tics_between(sizes)));
  script.line("set ylabel 'perplexity on held-out text (lower is better)'");
  script.line(fmt::format("set xrange [{:.7g}:{:.7g}]", log_x ? std::exp(sizes.low) : sizes.low,
                          log_x ? std::exp(sizes.high) : sizes.high));
  script.line(fmt::format("set yrange [{:.7g}:{:.7g}]", perplexities.low, perplexities.high));
  script.line("set key off");
  script.line(
      fmt::format("set arrow from graph 0,first {0:.7g} to graph 1,first {0:.7g} nohead dashtype 2 linecolor rgb '{1}'",
                  shown[0].perplexity, Palette::kMuted));
  LabelPlacer placer(sizes, perplexities, log_x, shown);
  if (many) placer.keep_steps_free(front);
  for (const TradeoffPoint& point : many ? front : shown) {
    script.line(
        placer.place(point, fmt::format("{}  {} bits/weight", point.label, format_fixed(point.bits_per_weight, 2))));
  }
  if (many) {
    script.begin_block("the front: no other model is both smaller and better");
    for (const TradeoffPoint& point : front) script.row({point.size_mb, point.perplexity});
  }
  script.line(
      fmt::format(
          "plot DATA index 0 using 1:2:3:4 with yerrorbars pointtype 7 pointsize 1.1 linewidth 2 linecolor rgb '{}', "
          "'' index 0 every ::0::0 using 1:2 with points pointtype 7 pointsize 1.3 linecolor rgb '{}'",
          Palette::kBlue, Palette::kOrange) +
      (many ? fmt::format(", '' index 1 using 1:2 with steps linewidth 1.5 linecolor rgb '{}'", Palette::kMuted)
            : std::string()));
  const std::string of_many =
      many ? " The grey steps are the front: models with a name there are beaten by no other in both size and "
             "perplexity. Worse models may lie above the picture."
           : "";
  const std::string caption =
      fmt::format(
          "Further left is smaller, further down is better; the dashed line is {0}. The bars are {1} intervals of the "
          "paired difference to {0}: where a bar crosses the dashed line, the difference could be chance. Bits per weight "
          "count the scales and everything that was left unquantized.",
          shown[0].label, format_confidence(confidence)) +
      of_many;
  return script.draw(folder, "Perplexity against size", caption);
}

}  // namespace octet
