#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "report/charts/chart_script.h"

namespace octet {

namespace {

/// The mean over a window of about 2 % of the run, centred so that the curve does not lag: the loss
/// of one batch jumps too much to read.
double smooth_loss(const std::vector<TrainingStep>& steps, std::size_t at) {
  const std::size_t reach = std::min({steps.size() / 100 + 1, at, steps.size() - 1 - at});
  double sum = 0;
  for (std::size_t i = at - reach; i <= at + reach; ++i) sum += steps[i].loss;
  return sum / static_cast<double>(2 * reach + 1);
}

void add_training_blocks(ChartScript& script, const std::vector<TrainingStep>& steps) {
  script.begin_block("step, loss of the batch, smoothed loss, learning rate");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    script.row({steps[i].step, steps[i].loss, smooth_loss(steps, i), steps[i].learning_rate});
  }
}

/// Cuts off the first steps' fall from ln V, which would flatten the rest.
double choose_top(const TrainingChart& chart, double best) {
  std::vector<double> losses;
  for (const TrainingStep& step : chart.steps) {
    if (std::isfinite(step.loss)) losses.push_back(step.loss);
  }
  if (losses.empty()) return best * 1.5;
  const auto late = losses.begin() + static_cast<std::ptrdiff_t>(losses.size() / 20);
  return std::max(*std::max_element(late, losses.end()), best) * 1.03;
}

/// The minimum; NaN where no held-out loss is finite.
HeldOutPoint best_held_out(const TrainingChart& chart) {
  HeldOutPoint best{NAN, NAN};
  for (const HeldOutPoint& point : chart.held_out) {
    if (std::isfinite(point.loss) && !(point.loss >= best.loss)) best = point;
  }
  return best;
}

std::string make_caption(const TrainingChart& chart, const HeldOutPoint& best) {
  const std::string rate =
      "Below: the learning rate, the size of the steps: it warms up, then decays so that the model can settle.";
  if (!std::isfinite(best.loss)) {
    return "Blue: the loss on the text the model learns from; the lower, the better the next token is predicted. No "
           "loss on other text was measured. " +
           rate;
  }
  const bool overfits = chart.held_out.back().loss > best.loss * 1.005;
  return fmt::format(
      "Blue: the loss on the text the model learns from; red: on text it never sees. The lower, the better the next "
      "token is predicted; exp(loss) is the perplexity, {:.2f} at the minimum. {} {}",
      std::exp(best.loss),
      overfits ? "Held-out loss rises again after its minimum: the model starts to learn the training text by heart, "
                 "which is why the best checkpoint is kept beside the last one."
               : "The red curve does not rise again: the model is not overfitting yet.",
      rate);
}

}  // namespace

Chart draw_training_chart(const std::filesystem::path& folder, const std::string& name, const TrainingChart& chart) {
  check(std::any_of(chart.steps.begin(), chart.steps.end(), [](const auto& step) { return std::isfinite(step.loss); }),
        "[training chart] expected training steps with a finite loss, got none among {}", chart.steps.size());
  const HeldOutPoint best = best_held_out(chart);
  const bool has_best = std::isfinite(best.loss);
  double last_step = 1;
  for (const TrainingStep& step : chart.steps) last_step = std::max(last_step, step.step);

  ChartScript script(name, 1000, 620);
  add_training_blocks(script, chart.steps);
  script.begin_block("step, held-out loss");
  for (const HeldOutPoint& loss : chart.held_out) script.row({loss.step, loss.loss});
  if (!has_best) script.row({0, NAN});  // gnuplot refuses an empty block
  script.begin_block("step and loss of the minimum");
  script.row({best.step, best.loss});

  script.line(fmt::format("set xrange [0:{:.7g}]", last_step));
  script.line(fmt::format(
      "set multiplot title {} font ',16' textcolor rgb '{}'",
      gp_bold(has_best ? fmt::format("Held-out loss fell to {:.3f} nats per token at step {:.0f}", best.loss, best.step)
                       : "Loss of the training text"),
      Palette::kInk));
  script.line("set lmargin at screen 0.095; set rmargin at screen 0.975");
  script.line("set tmargin at screen 0.9; set bmargin at screen 0.37");
  script.line("set format x ''");
  script.line("set ylabel 'loss (nats per token)'");
  script.line(fmt::format("set yrange [*:{:.5g}]", choose_top(chart, has_best ? best.loss : 0)));
  // The curve falls from the upper left, so a label above the minimum's right half would leave the
  // picture.
  const bool label_left = best.step > 0.6 * last_step;
  if (has_best)
    script.line(fmt::format("set label 1 {} at {:.7g},{:.7g} {} offset {},1.4 textcolor rgb '{}'",
                            gp_text(fmt::format("minimum {:.3f}", best.loss)), best.step, best.loss,
                            label_left ? "right" : "left", label_left ? "0.5" : "-0.5", Palette::kRed));
  std::string plot = fmt::format(
      "plot DATA index 0 using 1:2 with lines linewidth 1 linecolor rgb '#a9cfe6' title 'training, each batch', "
      "'' index 0 using 1:3 with lines linewidth 2 linecolor rgb '{}' title 'training, smoothed'",
      Palette::kBlue);
  if (has_best) {
    plot += fmt::format(
        ", '' index 1 using 1:2 with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb '{0}' "
        "title 'held-out', '' index 2 using 1:2 with points pointtype 6 pointsize 1.4 linewidth 2 linecolor rgb '{0}' "
        "notitle",
        Palette::kRed);
  }
  script.line(plot);
  script.line("unset label 1");
  script.line("set tmargin at screen 0.31; set bmargin at screen 0.1");
  script.line("set format x '%.0f'");
  script.line("set xlabel 'training step'");
  script.line("set ylabel 'learning rate' offset 1");
  script.line("set yrange [0:*]; set ytics autofreq; set format y '%g'; set key off");
  script.line(fmt::format("plot DATA index 0 using 1:4 with lines linewidth 2 linecolor rgb '{}'", Palette::kGreen));
  script.line("unset multiplot");
  return script.draw(folder, "Training curves", make_caption(chart, best));
}

}  // namespace octet
