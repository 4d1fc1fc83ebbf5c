#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/format.h"
#include "eval/report/text.h"

namespace octet {

namespace {

std::string join_names(const std::vector<ReportModel>& models) {
  std::string names;
  for (std::size_t i = 1; i < models.size(); ++i) {
    if (i > 1) names += i + 1 == models.size() ? " and " : ", ";
    names += models[i].name;
  }
  return names;
}

std::string judge_size(const ReportModel& model) {
  if (!std::isfinite(model.size_ratio) || model.size_ratio <= 0) return "Its size was not measured.";
  return fmt::format("The file takes {} of the FP32 file: {} times smaller, {} bits per weight.",
                     format_percent(model.size_ratio, 1), format_fixed(1 / model.size_ratio, 1),
                     format_fixed(model.bits_per_weight, 2));
}

std::string name_magnitude(double ratio) {
  if (!std::isfinite(ratio)) return "of unknown size";
  if (ratio < 0.005) return "hardly noticeable";
  if (ratio < 0.02) return "small";
  if (ratio < 0.06) return "moderate";
  return "large";
}

std::string judge_quality(const ReportModel& model, double confidence) {
  const Interval& change = model.ppl_increase;
  const std::string numbers =
      fmt::format("Perplexity changed by {} ({} interval {} to {})", format_change(change.mean),
                  format_confidence(confidence), format_change(change.low), format_change(change.high));
  switch (judge_difference(change)) {
    case Difference::unknown:
      return "Whether perplexity changed was not measured.";
    case Difference::none:
      return numbers + ". The interval includes 0: on this much text the difference cannot be told from chance.";
    case Difference::real_loss:
      return fmt::format("{}. The interval lies above 0: the loss is real, and {}.", numbers,
                         name_magnitude(change.mean));
    case Difference::real_gain:
      return numbers +
             ". The interval lies below 0: rounding happened to help on this text. Take it as no loss, not as a gain "
             "to "
             "count on.";
  }
  return {};
}

std::string word_speed(const char* task, double speedup) {
  if (!std::isfinite(speedup)) return fmt::format("{} speed was not measured", task);
  if (speedup > 1.03) return fmt::format("{} is {} times as fast as FP32", task, format_fixed(speedup, 2));
  if (speedup < 0) return fmt::format("{} speed was not measured", task);
  if (speedup < 0.97)
    return fmt::format("{} is slower than FP32, at {} of its speed", task, format_percent(speedup, 0));
  return fmt::format("{} is as fast as FP32", task);
}

/// What of the test text training has had all the same, where it is not negligible.
std::string except_seen(const ReportCorpus& corpus) {
  const double share = static_cast<double>(corpus.test_bytes_seen) / static_cast<double>(corpus.test_bytes);
  constexpr double kNegligible = 0.001;
  return share >= kNegligible
             ? fmt::format(" (but for {} of it, which the training text repeats)", format_percent(share, 1))
             : std::string();
}

}  // namespace

Difference judge_difference(const Interval& ppl_increase) {
  if (!std::isfinite(ppl_increase.low) || !std::isfinite(ppl_increase.high)) return Difference::unknown;
  if (ppl_increase.low > 0) return Difference::real_loss;
  if (ppl_increase.high < 0) return Difference::real_gain;
  return Difference::none;
}

std::vector<std::string> summarize_run(const Report& report) {
  const ReportTraining& training = report.training;
  const std::string parameters =
      training.parameters > 0
          ? fmt::format(" with {} parameters", format_count(static_cast<double>(training.parameters)))
          : "";
  std::vector<std::string> sentences;
  if (training.steps > 0) {
    sentences.push_back(fmt::format(
        "A small language model{} learned to predict the next token of {} ({} of text) in {} steps, {} of training.",
        parameters, report.corpus.name, format_megabytes(report.corpus.train_bytes), format_integer(training.steps),
        format_duration(training.seconds)));
  } else {
    sentences.push_back(fmt::format("A language model{} was taken as it is.", parameters));
  }
  sentences.push_back(report.models.size() > 1
                          ? fmt::format("Its weights, 32-bit floating-point numbers (FP32), were then rounded to a "
                                        "few levels that take fewer bits: {}.",
                                        join_names(report.models))
                          : "No quantized version of it was made.");
  sentences.push_back(
      fmt::format("All versions predicted the same {} tokens of text that none of them had seen{}, so any difference "
                  "below comes from quantization alone.",
                  format_integer(report.protocol.scored_tokens), except_seen(report.corpus)));
  return sentences;
}

std::vector<Verdict> judge_models(const Report& report) {
  std::vector<Verdict> verdicts;
  for (std::size_t i = 1; i < report.models.size(); ++i) {
    const ReportModel& model = report.models[i];
    std::string speed =
        word_speed("Prefill", model.prefill_speedup) + "; " + word_speed("decode", model.decode_speedup) + ".";
    verdicts.push_back(
        {model.name, judge_size(model), judge_quality(model, report.protocol.confidence), std::move(speed)});
  }
  return verdicts;
}

std::vector<CoverageGroup> group_coverage(const std::vector<ReportTensor>& coverage) {
  std::vector<CoverageGroup> groups;
  for (const ReportTensor& tensor : coverage) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const CoverageGroup& g) {
      return g.scheme == tensor.scheme && g.reason == tensor.reason;
    });
    if (group == groups.end()) group = groups.insert(groups.end(), {tensor.scheme, tensor.reason, 0, 0, 0});
    ++group->tensors;
    group->values += static_cast<double>(tensor.values);
    group->bytes += static_cast<double>(tensor.bytes);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.values > b.values; });
  return groups;
}

std::vector<ReportSample> list_samples(const Report& report) {
  if (!report.samples.empty()) return report.samples;
  ReportSample only{report.prompt, {}};
  for (const ReportModel& model : report.models) {
    if (!model.sample.empty()) only.texts.push_back({model.name, model.sample});
  }
  return only.texts.empty() ? std::vector<ReportSample>{} : std::vector<ReportSample>{only};
}

std::vector<std::pair<std::string, std::string>> list_facts(const Report& report) {
  const ReportCorpus& corpus = report.corpus;
  const ReportMachine& machine = report.machine;
  const ReportProtocol& protocol = report.protocol;
  std::vector<std::pair<std::string, std::string>> facts;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty() && value != "0" && value != "n/a") facts.emplace_back(name, std::move(value));
  };
  add("Corpus", corpus.name);
  add("Corpus SHA-256", corpus.sha256);
  add("Split", fmt::format("{} bytes to train, {} to calibrate, {} to test; no block is in two of them",
                           format_integer(corpus.train_bytes), format_integer(corpus.calibration_bytes),
                           format_integer(corpus.test_bytes)));
  add("Tokens tested", format_integer(corpus.tokens_tested));
  add("Bytes per token", format_fixed(corpus.bytes_per_token, 3));
  add("Context", fmt::format("{} tokens a window, a new window every {} tokens", protocol.context, protocol.stride));
  add("Scored tokens", format_integer(protocol.scored_tokens));
  add("Windows", format_integer(protocol.windows));
  add("Intervals", protocol.bootstrap_samples > 0
                       ? fmt::format("{}, {} bootstrap samples over windows, paired with FP32",
                                     format_confidence(protocol.confidence), format_integer(protocol.bootstrap_samples))
                       : "");
  add("Processor", machine.cpu);
  add("Instructions", machine.isa);
  add("Threads", std::to_string(machine.threads));
  add("GPU", machine.gpu.empty() ? "none used" : machine.gpu);
  add("Backend", machine.backend);
  add("BLAS", machine.blas);
  if (report.training.steps > 0) {
    add("Training speed",
        fmt::format("{} tokens/s, {} of the machine's FP32 peak", format_rate(report.training.tokens_per_s),
                    format_percent(report.training.share_of_fp32_peak, 1)));
    add("Tokens trained on", format_integer(report.training.tokens));
    add("Bits per byte after training", format_fixed(report.training.bits_per_byte, 4));
  }
  add("Octet", report.provenance.octet_version);
  add("Command", report.provenance.command);
  add("Created", report.provenance.created);
  return facts;
}

}  // namespace octet
