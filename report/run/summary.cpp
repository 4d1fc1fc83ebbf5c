#include "report/run/summary.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/format.h"
#include "base/number_text.h"
#include "report/run/report.h"

namespace octet {
namespace {

/// "int8 and int4"; of many, whose names the first table has, how many and from where to where.
std::string name_versions(const std::vector<ReportModel>& models) {
  constexpr std::size_t kMostNames = 8;
  if (models.size() > kMostNames + 1) {
    double least = INFINITY, most = 0;
    for (std::size_t i = 1; i < models.size(); ++i) {
      least = std::fmin(least, models[i].bits_per_weight);
      most = std::fmax(most, models[i].bits_per_weight);
    }
    return fmt::format("{} versions, of {} to {} bits per weight", models.size() - 1, format_fixed(least, 2),
                       format_fixed(most, 2));
  }
  std::string names;
  for (std::size_t i = 1; i < models.size(); ++i) {
    if (i > 1) names += i + 1 == models.size() ? " and " : ", ";
    names += models[i].name;
  }
  return names;
}

/// What of the test text training has had all the same, where it is not negligible.
std::string except_seen(const ReportCorpus& corpus) {
  const double share = static_cast<double>(corpus.test_bytes_seen) / static_cast<double>(corpus.test_bytes);
  constexpr double kNegligible = 0.001;
  return share >= kNegligible
             ? fmt::format(" (but for {} of it, which the training text repeats)", format_percent(share, 1))
             : std::string();
}

std::string training_sentence(const Report& report) {
  const ReportTraining& training = report.training;
  const std::string parameters =
      training.parameters > 0
          ? fmt::format(" with {} parameters", format_count(static_cast<double>(training.parameters)))
          : "";
  if (training.steps <= 0) return fmt::format("A language model{} was taken as it is.", parameters);
  return fmt::format(
      "A small language model{} learned to predict the next token of {} ({} of text) in {} steps, {} of training.",
      parameters, report.corpus.name, format_megabytes(report.corpus.train_bytes), format_integer(training.steps),
      format_duration(training.seconds));
}

std::string quantization_sentence(const Report& report) {
  if (report.models.size() <= 1) return "No quantized version of it was made.";
  return fmt::format(
      "Its weights, 32-bit floating-point numbers (FP32), were then rounded to a few levels that take fewer bits: {}.",
      name_versions(report.models));
}

std::string evaluation_sentence(const Report& report) {
  const std::string tokens = format_integer(report.protocol.scored_tokens);
  if (!report.corpus.trained_on) {
    return fmt::format(
        "All versions predicted the same {} tokens, so any difference below comes from quantization alone. Whether the "
        "model has seen this text in its training is not known.",
        tokens);
  }
  return fmt::format(
      "All versions predicted the same {} tokens of text that none of them had seen{}, so any difference below comes "
      "from quantization alone.",
      tokens, except_seen(report.corpus));
}

}  // namespace

std::vector<std::string> summarize_run(const Report& report) {
  return {training_sentence(report), quantization_sentence(report), evaluation_sentence(report)};
}

}  // namespace octet
