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

constexpr double kWidth = 1160, kHeight = 640;  // of the picture, in pixels
constexpr double kFewBits = 6.5;                // points up to here have the chart, where there are some
constexpr std::size_t kMostLabelColumns = 30;

/// A point with its number, which is its place in the list.
struct NumberedPoint {
  int number = 0;
  FormatPoint point;
  bool best = false;  ///< no other has fewer bits and a smaller error
};

/// The axes of a chart: where they are, and what they show.
struct Axes {
  Box frame;
  double least_bits, most_bits, least_mse, most_mse;

  double x(double bits) const {
    return frame.left + (frame.right - frame.left) * (bits - least_bits) / (most_bits - least_bits);
  }
  double y(double mse) const {
    return frame.bottom + (frame.top - frame.bottom) * std::log(mse / least_mse) / std::log(most_mse / least_mse);
  }
};

double shannon(double bits) {
  return std::exp2(-2.0 * bits);
}

std::string screen(double x, double y) {
  return fmt::format("screen {:.4f},{:.4f}", x / kWidth, y / kHeight);
}

/// A placer that knows where points and Shannon's line are.
NumberPlacer placer_for(const Axes& axes, const std::vector<NumberedPoint>& points) {
  NumberPlacer placer(axes.frame);
  const auto keep_free = [&](double x, double y, double reach) {
    placer.keep_free({x - reach, x + reach, y - reach, y + reach});
  };
  for (const NumberedPoint& each : points) {
    keep_free(axes.x(each.point.bits_per_weight), axes.y(each.point.relative_mse), 5);
  }
  constexpr int kPieces = 120;
  for (int i = 0; i < kPieces; ++i) {
    const double bits = axes.least_bits + (axes.most_bits - axes.least_bits) * i / kPieces;
    keep_free(axes.x(bits), axes.y(shannon(bits)), 3);
  }
  return placer;
}

/// Puts the numbers near their points, with a thin line where one had to move away.
void write_numbers(ChartScript& script, const Axes& axes, NumberPlacer& placer,
                   const std::vector<NumberedPoint>& points) {
  for (const NumberedPoint& each : points) {
    const std::string text = fmt::format("{}", each.number);
    const double x = axes.x(each.point.bits_per_weight), y = axes.y(each.point.relative_mse);
    const NumberPlacer::Place place = placer.place(x, y, text.size());
    script.line(fmt::format("set label '{}' at {} center font ',11' textcolor rgb '{}'", text, screen(place.x, place.y),
                            Palette::kInk));
    if (!place.beside) {
      script.line(fmt::format("set arrow from {} to {} nohead linewidth 0.6 linecolor rgb '{}'", screen(x, y),
                              screen(x + (place.x - x) * 0.7, y + (place.y - y) * 0.7), Palette::kMuted));
    }
  }
}

std::vector<NumberedPoint> numbered(const std::vector<FormatPoint>& all) {
  std::vector<NumberedPoint> points;
  int number = 0;
  for (const FormatPoint& point : all) {
    ++number;
    if (std::isfinite(point.bits_per_weight) && std::isfinite(point.relative_mse) && point.relative_mse > 0) {
      points.push_back({number, point});
    }
  }
  for (NumberedPoint& each : points) {
    each.best = std::none_of(points.begin(), points.end(), [&](const NumberedPoint& other) {
      const FormatPoint &a = other.point, &b = each.point;
      return a.bits_per_weight <= b.bits_per_weight && a.relative_mse <= b.relative_mse &&
             (a.bits_per_weight < b.bits_per_weight || a.relative_mse < b.relative_mse);
    });
  }
  return points;
}

/// Axes with some room around the points, and Shannon's line in sight.
Axes axes_around(const std::vector<NumberedPoint>& points, const Box& frame, double margin) {
  Axes axes{frame, INFINITY, 0, INFINITY, 0};
  for (const NumberedPoint& each : points) {
    axes.least_bits = std::min(axes.least_bits, each.point.bits_per_weight - margin);
    axes.most_bits = std::max(axes.most_bits, each.point.bits_per_weight + margin);
    axes.least_mse = std::min(axes.least_mse, each.point.relative_mse / 2);
    axes.most_mse = std::max(axes.most_mse, each.point.relative_mse * 2);
  }
  axes.least_mse = std::min(axes.least_mse, shannon(axes.most_bits));
  axes.most_mse = std::max(axes.most_mse, shannon(axes.least_bits));
  return axes;
}

void set_axes(ChartScript& script, const Axes& axes) {
  const Box& frame = axes.frame;
  script.line(fmt::format("set lmargin at screen {:.4f}; set rmargin at screen {:.4f}", frame.left / kWidth,
                          frame.right / kWidth));
  script.line(fmt::format("set bmargin at screen {:.4f}; set tmargin at screen {:.4f}", frame.bottom / kHeight,
                          frame.top / kHeight));
  script.line(fmt::format("set xrange [{:.7g}:{:.7g}]", axes.least_bits, axes.most_bits));
  script.line(fmt::format("set yrange [{:.7g}:{:.7g}]", axes.least_mse, axes.most_mse));
}

/// Number, name, bits, error and its multiple of Shannon's for each point, in a column on the right.
void write_list(ChartScript& script, const std::vector<NumberedPoint>& points, double left) {
  constexpr double kTop = kHeight - 74, kBottom = 20, kMostHeight = 19;
  const double height = std::min(kMostHeight, (kTop - kBottom) / static_cast<double>(points.size()));
  const double size = std::clamp(height * 0.62, 4.0, 11.0);
  const auto cell = [&](const std::string& text, double x, double y, const char* side, bool strong) {
    script.line(fmt::format("set label {} at {} {} font ',{:.3g}' textcolor rgb '{}'", text, screen(left + x, y), side,
                            size, strong ? Palette::kInk : Palette::kMuted));
  };
  const double bits = 270, mse = 335, times = 395;
  double y = kTop + height;
  cell(gp_text("bits"), bits, y, "right", true);
  cell(gp_text("MSE"), mse, y, "right", true);
  cell(gp_text("x"), times, y, "right", true);
  for (const NumberedPoint& each : points) {
    y -= height;
    const FormatPoint& point = each.point;
    cell(gp_text(fmt::format("{}", each.number)), 18, y, "right", each.best);
    cell(gp_text(shortened(point.label, kMostLabelColumns)), 26, y, "left", each.best);
    cell(gp_text(fmt::format("{:.3f}", point.bits_per_weight)), bits, y, "right", each.best);
    cell(gp_text(fmt::format("{:.3g}", point.relative_mse)), mse, y, "right", each.best);
    cell(gp_text(format_rate(point.relative_mse / shannon(point.bits_per_weight))), times, y, "right", each.best);
  }
}

/// Of the numbers of the chart, as `index` of gnuplot counts them.
struct Blocks {
  int line, best, others;
};

Blocks write_blocks(ChartScript& script, const std::vector<NumberedPoint>& points) {
  Blocks blocks{};
  blocks.line = script.begin_block("Shannon's line: bits per weight, least relative MSE");
  double most_bits = 0;
  for (const NumberedPoint& each : points) most_bits = std::max(most_bits, each.point.bits_per_weight);
  for (double bits = 0; bits <= most_bits + 1; bits += 0.125) script.row({bits, shannon(bits)});
  const auto write_points = [&](bool best) {
    for (const NumberedPoint& each : points) {
      if (each.best == best) script.row({each.point.bits_per_weight, each.point.relative_mse});
    }
    script.row({NAN, NAN});  // gnuplot refuses a block without rows
  };
  blocks.best = script.begin_block("bits per weight, relative MSE: formats that no other beats in both");
  write_points(true);
  blocks.others = script.begin_block("bits per weight, relative MSE: the other formats");
  write_points(false);
  return blocks;
}

std::string plot_command(const Blocks& blocks, bool titles, double size) {
  const auto title = [&](const char* text) {
    return titles ? fmt::format("title '{}'", text) : std::string("notitle");
  };
  return fmt::format(
      "plot DATA index {} using 1:2 with lines linewidth 1.5 linecolor rgb '{}' {}, "
      "DATA index {} using 1:2 with points pointtype 7 pointsize {} linecolor rgb '{}' {}, "
      "DATA index {} using 1:2 with points pointtype 7 pointsize {} linecolor rgb '{}' {}",
      blocks.line, Palette::kRed, title("least possible: 4^{-R} (Shannon)"), blocks.others, size, Palette::kBlue,
      title("format"), blocks.best, size, Palette::kGreen, title("format that no other here beats in size and error"));
}

/// The small chart of all points, in the corner that Shannon's line keeps empty.
Axes inset_axes(const Axes& main, const std::vector<NumberedPoint>& points) {
  constexpr double kShare = 0.46, kLabels = 34, kGap = 22;
  const Box& frame = main.frame;
  const double right = frame.left + kShare * (frame.right - frame.left);
  const double line = main.y(shannon(main.least_bits + kShare * (main.most_bits - main.least_bits)));
  return axes_around(points, {frame.left + 58, right, frame.bottom + kLabels, line - kGap}, 0.8);
}

void draw_main(ChartScript& script, const Axes& axes, const std::vector<NumberedPoint>& points, const Blocks& blocks) {
  script.line("set logscale y");
  script.line("set format y '%g'");
  script.line("set xlabel 'bits per weight, scales included'");
  script.line("set ylabel 'squared error of normal values, relative (log scale)'");
  script.line("set key top right Left reverse");
  set_axes(script, axes);
  NumberPlacer placer = placer_for(axes, points);
  const Box& frame = axes.frame;
  placer.keep_free({frame.right - 440, frame.right, frame.top - 66, frame.top});  // the key
  write_numbers(script, axes, placer, points);
  script.line(plot_command(blocks, true, 0.9));
}

/// `numbered`: those of the points that the main chart does not show.
void draw_inset(ChartScript& script, const Axes& axes, const std::vector<NumberedPoint>& points,
                const std::vector<NumberedPoint>& numbered, const Blocks& blocks) {
  script.line("unset label; unset arrow; unset object; unset xlabel; unset ylabel; set key off");
  script.line("set xtics 4 font ',10'; set ytics 100 font ',10'; set format y '10^{%L}'");
  set_axes(script, axes);
  NumberPlacer placer = placer_for(axes, points);
  write_numbers(script, axes, placer, numbered);
  script.line(fmt::format("set label 'all formats' at {} right font ',11' textcolor rgb '{}'",
                          screen(axes.frame.right - 6, axes.frame.top - 10), Palette::kMuted));
  script.line(plot_command(blocks, false, 0.6));
}

std::string make_title(const std::vector<NumberedPoint>& points) {
  const auto times = [](const NumberedPoint& each) {
    return each.point.relative_mse / shannon(each.point.bits_per_weight);
  };
  const NumberedPoint& nearest = *std::min_element(points.begin(), points.end(),
                                                   [&](const auto& a, const auto& b) { return times(a) < times(b); });
  return fmt::format("{} comes nearest to Shannon's bound: {:.1f} times the least error in {:.4g} bits",
                     shortened(nearest.point.label, kMostLabelColumns), times(nearest), nearest.point.bits_per_weight);
}

}  // namespace

Chart draw_format_chart(const std::filesystem::path& folder, const std::string& name,
                        const std::vector<FormatPoint>& points) {
  const std::vector<NumberedPoint> drawn = numbered(points);
  check(!drawn.empty(), "[format chart] expected points with a positive error, got none");
  std::vector<NumberedPoint> few, many;  // bits
  for (const NumberedPoint& each : drawn) {
    (each.point.bits_per_weight <= kFewBits ? few : many).push_back(each);
  }
  const bool has_inset = !few.empty() && !many.empty();
  const Box frame{78, 700, 62, kHeight - 58};
  const std::vector<NumberedPoint>& shown = has_inset ? few : drawn;
  Axes main = axes_around(shown, frame, 0.3);
  constexpr double kRoomForKey = 0.15, kRoomForInset = 8;
  main.most_mse *= std::pow(main.most_mse / main.least_mse, kRoomForKey);
  if (has_inset) {
    main.least_mse /= kRoomForInset;
  }

  ChartScript script(name, static_cast<int>(kWidth), static_cast<int>(kHeight));
  const Blocks blocks = write_blocks(script, drawn);
  script.line(
      fmt::format("set multiplot title {} font ',16' textcolor rgb '{}'", gp_bold(make_title(drawn)), Palette::kInk));
  write_list(script, drawn, frame.right + 30);
  if (has_inset) {
    const Axes inset = inset_axes(main, drawn);
    script.line(fmt::format("set object 1 rectangle from {} to {} front fillcolor rgb '{}' fillstyle solid noborder",
                            screen(frame.left + 2, frame.bottom + 2),
                            screen(inset.frame.right + 8, inset.frame.top + 8), Palette::kPaper));
    draw_main(script, main, shown, blocks);
    draw_inset(script, inset, drawn, many, blocks);
  } else {
    draw_main(script, main, shown, blocks);
  }
  script.line("unset multiplot");
  return script.draw(
      folder, "Formats against Shannon's bound",
      "Every point is a way to store weights, on numbers of a normal distribution: further left is smaller, further down "
      "is more exact. Below the red line nothing can be: it is the least squared error that any code of that many bits "
      "can make (Shannon). x in the list is how many times that error a format makes. Green points are those that no "
      "other beats in size and error at once.");
}

}  // namespace octet
