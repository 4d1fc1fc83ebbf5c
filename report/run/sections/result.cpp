#include "report/run/sections/result.h"

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/score/paired.h"
#include "eval/speed/size.h"
#include "report/page/html.h"
#include "report/run/chart_drawer.h"
#include "report/run/measure.h"
#include "report/run/report.h"
#include "report/run/sections/charts.h"
#include "report/run/sections/comparisons.h"
#include "report/run/sections/headline.h"
#include "report/run/sections/verdict.h"

namespace octet {
namespace {

void measure_sizes(Report& report, const MeasuredModels& measured) {
  const ModelSize fp32 = measure_size(measured.folders.front());
  for (std::size_t i = 0; i < measured.models.size(); ++i) {
    put_size(report.models[i], measure_size(measured.folders[i]), fp32);
  }
}

void measure(Report& report, const MeasuredModels& measured) {
  const EvalConfig& config = measured.config;
  const std::vector<Window> windows = measured.windows();
  std::vector<EvaluatedModel> evaluated;
  for (const NamedModel& model : measured.models) {
    evaluated.push_back(model.evaluated());
  }
  const std::vector<Evaluation> evaluations =
      evaluate(evaluated, windows, {.batch_tokens = config.batch_tokens}, measured.progress);
  for (std::size_t i = 0; i < evaluations.size(); ++i) {
    put_evaluation(report.models[i], evaluations[i], evaluations.front(), config.bootstrap);
  }
  report.comparisons = compare_neighbours(evaluations, config.bootstrap);
  const GptConfig& shape = measured.fp32().config();
  report.protocol = {.context = config.context_of(shape),
                     .stride = config.stride_of(shape),
                     .scored_tokens = evaluations.front().scored_tokens,
                     .windows = static_cast<std::int64_t>(windows.size()),
                     .bootstrap_samples = config.bootstrap.resamples,
                     .confidence = config.bootstrap.confidence};
  measure_sizes(report, measured);
}

std::string markdown(const Report& report) {
  return metrics_markdown(report, true) + verdicts_markdown(report);
}

std::string html(const Report& report, const std::filesystem::path&) {
  constexpr std::size_t kLongTable = 8;  // rows that fit the first screen, with the verdict below them
  const std::string table = metrics_html(report, true), choices = choices_html(report);
  return (report.models.size() > kLongTable ? choices + table : table + choices) + verdicts_html(report);
}

std::string quality_markdown(const Report& report) {
  return report.models.empty() ? "" : std::string(kChartsHere) + metrics_markdown(report, false);
}

std::string quality_html(const Report& report, const std::filesystem::path&) {
  return report.models.empty() ? "" : std::string(kChartsHere) + metrics_html(report, false);
}

Chart tradeoff_chart(const Report& report, const std::filesystem::path& folder, const std::string& file) {
  std::vector<TradeoffPoint> points;
  for (const ReportModel& model : report.models) {
    const double fp32 = report.models.front().perplexity;
    points.push_back({model.name, static_cast<double>(model.file_bytes) / 1e6, model.bits_per_weight, model.perplexity,
                      fp32 * (1.0 + model.ppl_increase.low), fp32 * (1.0 + model.ppl_increase.high)});
  }
  return draw_tradeoff_chart(folder, file, points, report.protocol.confidence);
}

void draw(const Report& report, ChartDrawer& drawer) {
  drawer.draw("perplexity_size", "perplexity against size",
              [&](const std::string& file) { return tradeoff_chart(report, drawer.folder(), file); });
}

}  // namespace

void put_evaluation(ReportModel& model, const Evaluation& evaluation, const Evaluation& fp32,
                    const BootstrapOptions& options) {
  model.nll = evaluation.nll;
  model.perplexity = evaluation.perplexity;
  model.bits_per_byte = evaluation.bits_per_byte;
  model.accuracy = evaluation.accuracy;
  model.kl_divergence = {evaluation.kl.mean, evaluation.kl.p99, evaluation.kl.max, evaluation.kl.p50,
                         evaluation.kl.p999};
  put_token_changes(model.token_changes, evaluation.changes, options.confidence);
  model.top1_agreement = evaluation.top1_agreement;
  if (evaluation.windows.size() < 2) {
    model.delta_nll.mean = evaluation.nll - fp32.nll;
  } else {
    model.delta_nll = delta_nll(fp32, evaluation, options);
  }
  model.ppl_increase = perplexity_increase(model.delta_nll);
}

ReportSection result_section() {
  return {.id = "result", .title = "Result", .measure = measure, .markdown = markdown, .html = html};
}

ReportSection quality_section() {
  return {
      .id = "quality", .title = "Size and quality", .markdown = quality_markdown, .html = quality_html, .draw = draw};
}

}  // namespace octet
