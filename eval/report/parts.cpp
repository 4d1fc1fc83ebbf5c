#include "eval/report/parts.h"

#include <algorithm>

namespace octet {

void put_evaluation(ReportModel& model, const Evaluation& evaluation, const Evaluation& fp32,
                    const BootstrapOptions& options) {
  model.nll = evaluation.nll;
  model.perplexity = evaluation.perplexity;
  model.bits_per_byte = evaluation.bits_per_byte;
  model.accuracy = evaluation.accuracy;
  model.kl_divergence = {evaluation.kl.mean, evaluation.kl.p99, evaluation.kl.max};
  model.top1_agreement = evaluation.top1_agreement;
  if (evaluation.windows.size() < 2) {
    model.delta_nll.mean = evaluation.nll - fp32.nll;
  } else {
    model.delta_nll = delta_nll(fp32, evaluation, options);
  }
  model.ppl_increase = perplexity_increase(model.delta_nll);
}

void put_size(ReportModel& model, const ModelSize& size, const ModelSize& fp32) {
  model.bits_per_weight = size.bits_per_weight();
  model.file_bytes = size.file_bytes;
  model.size_ratio = static_cast<double>(size.file_bytes) / static_cast<double>(fp32.file_bytes);
  model.size = {size.codes, size.scales, size.embeddings, size.unquantized};
}

void put_coverage(ReportModel& model, const Coverage& coverage) {
  for (const CoverageRow& row : coverage.rows) {
    model.coverage.push_back({row.path, row.scheme, row.reason, row.shape.elements(), row.bytes});
    if (row.error.mse > 0) {
      model.layer_errors.push_back({row.path, row.error.mse, row.error.snr_db, row.error.max_abs, kNotMeasured});
    }
  }
}

void put_speed(ReportModel& model, const SpeedResult& speed) {
  model.prefill_tokens_per_s = speed.prefill_tokens_per_s;
  model.decode_tokens_per_s = speed.decode_tokens_per_s;
  model.prefill_speedup = speed.prefill_speedup;
  model.decode_speedup = speed.decode_speedup;
}

void put_samples(Report& report, std::span<const TextSample> samples) {
  report.samples.clear();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::size_t model = i % report.models.size();  // ordered by prompt, then by model
    if (model == 0) {
      report.samples.push_back({samples[i].prompt, {}});
    }
    report.samples.back().texts.push_back({samples[i].model, samples[i].text});
    if (report.samples.size() == 1) {
      report.models[model].sample = samples[i].text;
    }
  }
  report.prompt = samples.empty() ? "" : samples.front().prompt;
}

std::vector<ReportOutliers> report_outliers(std::span<const OutlierStats> stats, const std::string& kind) {
  std::vector<ReportOutliers> rows;
  for (const OutlierStats& layer : stats) {
    rows.push_back({layer.layer, kind, layer.moments.standard_deviation(), layer.max_abs, layer.max_over_std,
                    layer.share_sigma(), layer.share_absolute()});
  }
  return rows;
}

ActivationChart activation_chart(std::span<const OutlierStats> stats, const OutlierOptions& options) {
  ActivationChart chart{options.threshold, options.absolute, {}};
  for (const OutlierStats& layer : stats) {
    chart.layers.push_back({layer.layer, layer.max_over_std, layer.share_sigma(), layer.share_absolute()});
  }
  return chart;
}

const OutlierStats& worst_layer(std::span<const OutlierStats> stats) {
  check(!stats.empty(), "[worst_layer] expected at least one layer, got none");
  return *std::max_element(stats.begin(), stats.end(), [](const OutlierStats& a, const OutlierStats& b) {
    return a.max_over_std < b.max_over_std;
  });
}

}  // namespace octet
