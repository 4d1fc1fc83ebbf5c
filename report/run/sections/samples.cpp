#include "report/run/sections/samples.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"
#include "eval/score/samples.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/measure.h"
#include "report/run/report.h"

namespace octet {
namespace {

std::string markdown(const Report& report) {
  const std::vector<ReportSample> samples = list_samples(report);
  if (samples.empty()) return "";
  std::string text =
      fmt::format("Each version goes on after the same prompt with the same seed ({}).\n\n", report.seed);
  for (const ReportSample& sample : samples) {
    text += "Prompt:\n\n" + markdown_code(sample.prompt);
    for (const ReportContinuation& entry : sample.texts) {
      text += escape_markdown(entry.model) + ":\n\n" + markdown_code(entry.text);
    }
  }
  return text;
}

/// How many bytes two texts have in common at the start, cut at a whole character.
std::size_t common_prefix(const std::string& a, const std::string& b) {
  auto length = static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin()).first -
      a.begin());
  while (length > 0 && length < a.size() && is_utf8_continuation(a[length])) --length;
  return length;
}

std::string sample_html(const ReportSample& sample, std::size_t index) {
  const ReportContinuation& entry = sample.texts[index];
  const std::size_t same = index == 0 ? 0 : common_prefix(entry.text, sample.texts[0].text);
  const std::string rest = escape_html(entry.text.substr(same));
  return fmt::format(
      "<div><h3>{}</h3><pre><span class=\"prompt\">{}</span><span class=\"same\">{}</span>{}</pre></div>\n",
      escape_html(entry.model), escape_html(sample.prompt), escape_html(entry.text.substr(0, same)),
      index == 0 || rest.empty() ? rest : "<span class=\"new\">" + rest + "</span>");
}

std::string html(const Report& report, const std::filesystem::path&) {
  std::string samples;
  std::string first;
  for (const ReportSample& sample : list_samples(report)) {
    std::string texts;
    for (std::size_t i = 0; i < sample.texts.size(); ++i) texts += sample_html(sample, i);
    if (first.empty() && !sample.texts.empty()) first = sample.texts[0].model;
    samples += "<div class=\"samples\">" + texts + "</div>\n";
  }
  if (samples.empty()) return "";
  const std::string explanation = fmt::format(
      "Each version goes on after the same prompt (bold) with the same random numbers (seed {}). Grey: the same text "
      "as {}; underlined: where it went another way. One different token is enough to part for good, so a different "
      "text is not a worse one.",
      report.seed, escape_html(first));
  return "<p>" + explanation + "</p>\n" + samples;
}

/// All texts, and those of the first prompt also with their models.
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

void measure(Report& report, const MeasuredModels& measured) {
  measured.progress.note("writing samples");
  const EvalConfig& config = measured.config;
  put_samples(report, make_samples(measured.models, measured.tokenizer, config.prompts, config.sampling));
  report.seed = config.sampling.seed;
}

}  // namespace

std::vector<ReportSample> list_samples(const Report& report) {
  if (!report.samples.empty()) return report.samples;
  ReportSample only{report.prompt, {}};
  for (const ReportModel& model : report.models) {
    if (!model.sample.empty()) only.texts.push_back({model.name, model.sample});
  }
  return only.texts.empty() ? std::vector<ReportSample>{} : std::vector<ReportSample>{only};
}

ReportSection samples_section() {
  return {.id = "samples", .title = "What each version writes", .measure = measure, .markdown = markdown, .html = html};
}

}  // namespace octet
