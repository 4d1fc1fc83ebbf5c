#include "eval/speed/bench.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "eval/speed/read_limits.h"
#include "nn/cost.h"
#include "quant/apply_recipe.h"
#include "quant/calibrate.h"
#include "quant/fp32_model.h"

namespace octet {
namespace {

struct BenchModel {
  std::string format;
  std::unique_ptr<Gpt> owned;  // null: the model as it is
  Gpt* model = nullptr;
};

/// From random tokens, which serve to measure speed.
Calibration calibration_for(Gpt& model, const Recipe& recipe) {
  if (!recipe.needs_calibration()) {
    return {};
  }
  const GptConfig& config = model.config();
  const Random random(1);
  const std::int64_t count = std::min<std::int64_t>(config.context, 32);
  std::vector<std::int32_t> tokens;
  for (std::int64_t t = 0; t < count; ++t) {
    tokens.push_back(static_cast<std::int32_t>(
        random.below(static_cast<std::uint64_t>(t), static_cast<std::uint64_t>(config.vocabulary))));
  }
  const Tensor ids = Tensor::from<std::int32_t>(tokens, {1, count});
  return calibrate(model, {&ids, 1});
}

BenchModel make_model(Gpt& original, const BenchFormat& format) {
  if (!format.recipe) {
    return {format.name, nullptr, &original};
  }
  BenchModel made = {format.name, fp32_copy(original), nullptr};
  made.model = made.owned.get();
  apply_recipe(*made.model, *format.recipe, calibration_for(original, *format.recipe));
  made.model->to(original.device());
  return made;
}

std::int64_t free_memory() {
  return static_cast<std::int64_t>(::sysconf(_SC_AVPHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
}

double tokens_per_s(const SpeedTask& task, double seconds) {
  return static_cast<double>(task.all_tokens()) / seconds;
}

double deviation(const std::vector<double>& values) {
  if (values.size() < 2) {
    return 0;
  }
  double mean = 0, squares = 0;
  for (const double value : values) {
    mean += value / static_cast<double>(values.size());
  }
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

/// Counts timed runs for the progress, which may also end the job by an exception.
class Runs {
 public:
  Runs(ProgressSink& sink, std::int64_t total) : sink_(sink), total_(total) {}
  void prepare(const std::string& detail) { sink_.update(at(done_, detail)); }
  void next(const std::string& detail) { sink_.update(at(done_++, detail)); }
  void finish() { sink_.finish(at(total_, "")); }

 private:
  ProgressUpdate at(std::int64_t done, const std::string& detail) const {
    return {.task = "bench", .unit = "run", .done = done, .total = total_, .detail = detail, .rate_unit = "runs"};
  }

  ProgressSink& sink_;
  std::int64_t done_ = 0;
  std::int64_t total_;
};

std::vector<BenchMeasurement> time_task(std::span<BenchModel> models, const SpeedTask& task, std::int64_t repetitions,
                                        Runs& runs, const Clock& clock) {
  const auto prepare = [&] { runs.prepare(task.name()); };
  std::vector<std::unique_ptr<SpeedJob>> owned;
  std::vector<std::function<void()>> jobs;
  for (BenchModel& entry : models) {
    SpeedJob* job = owned.emplace_back(std::make_unique<SpeedJob>(*entry.model, task, prepare)).get();
    prepare();
    job->warm_up();
    jobs.emplace_back([job] { job->run(); });
  }
  const std::vector<Timing> timings = time_interleaved(jobs, 0, repetitions, clock, [&] { runs.next(task.name()); });
  std::vector<BenchMeasurement> measurements;
  double baseline = 0;
  for (std::size_t m = 0; m < models.size(); ++m) {
    baseline = models[m].format == "fp32" ? timings[m].median : baseline;
    measurements.push_back({.format = models[m].format,
                            .task = task,
                            .bytes = stored_bytes(*models[m].model),
                            .work = bench_work(*models[m].model, task),
                            .timing = timings[m]});
  }
  for (BenchMeasurement& measurement : measurements) {
    measurement.baseline_seconds = baseline;
  }
  return measurements;
}

bool has_format(std::span<const BenchMeasurement> measurements, const std::string& format) {
  return std::any_of(measurements.begin(), measurements.end(), [&](const auto& m) { return m.format == format; });
}

MachineLimits higher(MachineLimits a, const MachineLimits& b) {
  a.peak_fp32_gflops = std::max(a.peak_fp32_gflops, b.peak_fp32_gflops);
  a.peak_int8_gops = std::max(a.peak_int8_gops, b.peak_int8_gops);
  a.read_gbps = std::max(a.read_gbps, b.read_gbps);
  return a;
}

}  // namespace

std::vector<SpeedTask> bench_tasks(const BenchOptions& options) {
  std::vector<SpeedTask> tasks;
  for (const std::int64_t batch : options.batch) {
    for (const std::int64_t tokens : options.prompt) {
      tasks.push_back({.kind = SpeedTask::Kind::prompt, .tokens = tokens, .batch = batch, .kv = options.kv});
    }
    for (const std::int64_t tokens : options.generate) {
      for (const std::int64_t depth : options.depth) {
        tasks.push_back(
            {.kind = SpeedTask::Kind::generate, .tokens = tokens, .batch = batch, .depth = depth, .kv = options.kv});
      }
    }
  }
  std::erase_if(tasks, [](const SpeedTask& task) { return task.tokens == 0; });
  return tasks;
}

BenchRow bench_row(const std::string& model, std::int64_t parameters, const BenchMeasurement& measurement,
                   const BenchLimit& limit) {
  const SpeedTask& task = measurement.task;
  const double seconds = measurement.timing.median;
  std::vector<double> rates;
  for (const double sample : measurement.timing.seconds) {
    rates.push_back(tokens_per_s(task, sample));
  }
  return {.model = model,
          .parameters = parameters,
          .bytes = measurement.bytes,
          .format = measurement.format,
          .test = task.name(),
          .tokens_per_s = tokens_per_s(task, seconds),
          .tokens_per_s_std = deviation(rates),
          .speedup = measurement.baseline_seconds > 0 ? measurement.baseline_seconds / seconds
                                                      : std::numeric_limits<double>::quiet_NaN(),
          .bytes_per_token = measurement.work.bytes / static_cast<double>(task.all_tokens()),
          .gbps = measurement.work.bytes / seconds / 1e9,
          .gops = measurement.work.operations() / seconds / 1e9,
          .limit = limit.name(),
          .share_of_limit = limit.seconds / seconds};
}

std::vector<std::vector<BenchFormat>> bench_groups(std::span<const BenchFormat> formats, std::int64_t bytes_each,
                                                   std::int64_t free_bytes) {
  std::vector<BenchFormat> always;
  std::vector<std::vector<BenchFormat>> groups;
  std::copy_if(formats.begin(), formats.end(), std::back_inserter(always), [](const auto& f) { return !f.recipe; });
  std::int64_t made = 0;  // models that the last group makes
  for (const BenchFormat& format : formats) {
    if (!format.recipe) {
      continue;
    }
    if (groups.empty() || (made + 1) * bytes_each > free_bytes) {
      groups.push_back(always);
      made = 0;
    }
    groups.back().push_back(format);
    ++made;
  }
  if (groups.empty()) {
    groups.push_back(always);
  }
  return groups;
}

BenchReport run_bench(const std::string& name, Gpt& model, std::span<const BenchFormat> formats,
                      const BenchOptions& options, ProgressSink& progress, const Clock& clock) {
  check(!formats.empty(), "[bench] expected at least one format, got none");
  const std::vector<SpeedTask> tasks = bench_tasks(options);
  const std::int64_t parameters = parameter_count(model.config());
  // A copy is FP32 before it is quantized; half of the memory is left for caches, activations and others.
  const auto groups = bench_groups(formats, 4 * parameters, free_memory() / 2);
  std::int64_t models_timed = 0;
  for (const auto& group : groups) {
    models_timed += static_cast<std::int64_t>(group.size());
  }
  Runs runs(progress, models_timed * static_cast<std::int64_t>(tasks.size()) * options.repetitions);
  BenchReport report;
  report.machine = measure_machine_limits(model.device());

  std::vector<std::vector<BenchMeasurement>> of_task(tasks.size());
  for (const auto& group : groups) {
    std::vector<BenchModel> models;
    for (const BenchFormat& format : group) {
      runs.prepare(format.name);
      models.push_back(make_model(model, format));
    }
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      for (BenchMeasurement& measurement : time_task(models, tasks[t], options.repetitions, runs, clock)) {
        if (!has_format(of_task[t], measurement.format)) {  // the first group had FP32
          of_task[t].push_back(std::move(measurement));
        }
      }
    }
  }
  runs.finish();

  report.machine = higher(report.machine, measure_machine_limits(model.device()));
  ReadLimits read_limits(report.machine.read_gbps,
                         [&](std::int64_t bytes) { return measure_read_gbps(bytes, model.device()); });
  for (const std::vector<BenchMeasurement>& measurements : of_task) {
    for (const BenchMeasurement& measurement : measurements) {
      const double reached = measurement.work.bytes / measurement.timing.median / 1e9;
      const double read_gbps = read_limits.gbps(measurement.work.pass_bytes, reached);
      const BenchLimit limit = bench_limit(measurement.work, report.machine, read_gbps);
      report.rows.push_back(bench_row(name, parameters, measurement, limit));
    }
  }
  return report;
}

}  // namespace octet
