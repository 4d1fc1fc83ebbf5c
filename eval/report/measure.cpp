#include "eval/report/measure.h"

#include "eval/report/sections/speed.h"
#include "eval/score/samples.h"
#include "eval/score/window_batches.h"
#include "eval/speed/size.h"
#include "eval/test_windows.h"

namespace octet {
namespace {

void measure_samples(Report& report, const MeasuredModels& measured, const EvalConfig& config) {
  put_samples(report, make_samples(measured.models, measured.tokenizer, config.prompts, config.sampling));
  report.seed = config.sampling.seed;
}

void measure_sizes(Report& report, const MeasuredModels& measured) {
  const ModelSize fp32 = measure_size(measured.folders.front());
  for (std::size_t i = 0; i < measured.models.size(); ++i) {
    put_size(report.models[i], measure_size(measured.folders[i]), fp32);
  }
}

void measure_speeds(Report& report, const MeasuredModels& measured, const EvalConfig& config) {
  const std::vector<SpeedResult> speeds = measure_speed(measured.models, config.speed);
  for (std::size_t i = 0; i < speeds.size(); ++i) {
    put_speed(report.models[i], speeds[i]);
  }
  measure_roofs(report, measured.models, speeds);
}

std::vector<Window> windows_of(const MeasuredModels& measured, const EvalConfig& config) {
  return test_windows(measured.test.runs, measured.tokenizer, config, measured.models.front().model->config(),
                      config.max_windows);
}

}  // namespace

void measure_models(Report& report, const MeasuredModels& measured, const EvalConfig& config, ProgressSink& progress) {
  measure_scores(report, measured, config, progress);
  progress.note("counting outliers");
  const std::vector<Window> windows = windows_of(measured, config);
  measure_outliers(report, *measured.models.front().model, pick_windows(windows, config.outlier_windows), config);
  measure_microscope(report, *measured.models.front().model, progress);
  measure_explained(report, *measured.models.front().model, windows, config, progress);
  progress.note("writing samples");
  measure_samples(report, measured, config);
  progress.note("timing prefill and decode of every model");
  measure_speeds(report, measured, config);
}

void measure_scores(Report& report, const MeasuredModels& measured, const EvalConfig& config, ProgressSink& progress) {
  measure_result(report, measured.models, windows_of(measured, config), config, progress);
  measure_sizes(report, measured);
}

}  // namespace octet
