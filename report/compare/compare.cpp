#include "report/compare/compare.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/number_text.h"
#include "report/charts/try_to_draw.h"

namespace octet {
namespace {

/// Something that must agree before numbers may be compared.
struct Criterion {
  const char* name;
  std::string (*value)(const Report& report);
};

struct Rule {
  const char* numbers;
  const char* condition;
  std::vector<Criterion> criteria;
};

/// Which text is predicted: the corpus and the part of it that is held out.
std::vector<Criterion> text_criteria() {
  return {{"corpus SHA-256", [](const Report& r) { return r.corpus.sha256; }},
          {"bytes to test", [](const Report& r) { return format_integer(r.corpus.test_bytes); }}};
}

/// Equal token counts and bytes per token of the same text are the same tokenizer.
std::vector<Criterion> perplexity_criteria() {
  std::vector<Criterion> criteria = text_criteria();
  criteria.insert(criteria.end(),
                  {{"bytes per token", [](const Report& r) { return fmt::format("{:.6g}", r.corpus.bytes_per_token); }},
                   {"tokens to test", [](const Report& r) { return format_integer(r.corpus.tokens_tested); }},
                   {"context", [](const Report& r) { return std::to_string(r.protocol.context); }},
                   {"stride", [](const Report& r) { return std::to_string(r.protocol.stride); }},
                   {"scored tokens", [](const Report& r) { return format_integer(r.protocol.scored_tokens); }}});
  return criteria;
}

/// Windows of another context leave out a few tokens at the ends of stretches: whole percents hide those.
std::string scored_share(const Report& report) {
  return report.corpus.tokens_tested <= 0 ? "n/a"
                                          : format_percent(static_cast<double>(report.protocol.scored_tokens) /
                                                               static_cast<double>(report.corpus.tokens_tested),
                                                           0);
}

std::vector<Rule> rules() {
  std::vector<Rule> all = {
      {"perplexity", "the same text, split, tokenizer, context, stride and scored tokens", perplexity_criteria()},
      {"bits per byte", "the same text and split, and the same share of it scored; tokenizers may differ",
       text_criteria()},
      {"change, KL and same first choice", "what perplexity needs, and the same FP32 weights", perplexity_criteria()},
      {"speed",
       "the same processor, instructions, GPU, backend and threads",
       {{"processor", [](const Report& r) { return r.machine.cpu; }},
        {"instructions", [](const Report& r) { return r.machine.isa; }},
        {"GPU", [](const Report& r) { return r.machine.gpu.empty() ? "none" : r.machine.gpu; }},
        {"backend", [](const Report& r) { return r.machine.backend; }},
        {"threads", [](const Report& r) { return std::to_string(r.machine.threads); }}}},
  };
  all[1].criteria.push_back({"share of the tokens scored", scored_share});
  all[2].criteria.push_back({"FP32 weights SHA-256", [](const Report& r) {
                               return r.models.empty() ? std::string() : r.models.front().weights_sha256;
                             }});
  return all;
}

Comparability judge(const Rule& rule, std::span<const FinishedRun> runs, const std::vector<std::string>& labels) {
  Comparability result;
  result.numbers = rule.numbers;
  result.condition = rule.condition;
  std::vector<std::vector<std::string>> keys;  // of the groups
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::vector<std::string> key;
    for (const Criterion& criterion : rule.criteria) key.push_back(criterion.value(runs[i].report));
    const auto known = std::find(keys.begin(), keys.end(), key);
    const auto group = static_cast<std::size_t>(known - keys.begin());
    if (known == keys.end()) {
      keys.push_back(std::move(key));
      result.groups.emplace_back();
    }
    result.groups[group].push_back(labels[i]);
  }
  result.comparable = result.groups.size() == 1;
  for (std::size_t c = 0; c < rule.criteria.size(); ++c) {
    if (std::all_of(keys.begin(), keys.end(), [&](const auto& key) { return key[c] == keys.front()[c]; })) continue;
    RunDifference difference{rule.criteria[c].name, {}};
    for (const FinishedRun& run : runs) difference.values.push_back(rule.criteria[c].value(run.report));
    result.differences.push_back(std::move(difference));
  }
  return result;
}

/// Names of runs; two of the same name are told apart by their places.
std::vector<std::string> label(std::span<const FinishedRun> runs) {
  std::vector<std::string> labels;
  for (const FinishedRun& run : runs) {
    const auto same = std::count_if(runs.begin(), runs.end(),
                                    [&](const FinishedRun& other) { return other.report.name == run.report.name; });
    labels.push_back(same == 1 ? run.report.name : fmt::format("{} ({})", run.report.name, run.place));
  }
  return labels;
}

ComparedModel row_of(const std::string& run, const ReportModel& model) {
  return {.run = run,
          .name = model.name,
          .bits_per_weight = model.bits_per_weight,
          .file_bytes = model.file_bytes,
          .perplexity = model.perplexity,
          .ppl_increase = model.ppl_increase,
          .bits_per_byte = model.bits_per_byte,
          .kl_mean = model.kl_divergence.mean,
          .top1_agreement = model.top1_agreement,
          .prefill_tokens_per_s = model.prefill_tokens_per_s,
          .decode_tokens_per_s = model.decode_tokens_per_s};
}

}  // namespace

RunComparison compare_runs(std::span<const FinishedRun> runs) {
  if (runs.size() < 2) {
    fail(ErrorKind::config, "compare: expected at least two runs, got {}", runs.size());
  }
  RunComparison comparison;
  const std::vector<std::string> labels = label(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Report& report = runs[i].report;
    comparison.runs.push_back({labels[i], runs[i].place, report.corpus, report.machine, report.protocol,
                               report.provenance.octet_version, report.provenance.commit, report.provenance.created});
    for (const ReportModel& model : report.models) comparison.models.push_back(row_of(labels[i], model));
  }
  for (const Rule& rule : rules()) comparison.comparability.push_back(judge(rule, runs, labels));
  return comparison;
}

void draw_comparison(RunComparison& comparison, const std::filesystem::path& folder) {
  RunsChart chart{.relative = !comparison.comparability.front().comparable, .runs = {}};
  for (const ComparedRun& run : comparison.runs) {
    chart.runs.push_back({run.run, {}});
    for (const ComparedModel& model : comparison.models) {
      if (model.run != run.run) continue;
      chart.runs.back().models.push_back({model.name, static_cast<double>(model.file_bytes) / 1e6,
                                          chart.relative ? 100.0 * model.ppl_increase.mean : model.perplexity});
    }
  }
  const auto draw = [&] { return draw_runs_chart(folder / "charts", "compare", chart); };
  if (auto drawn = try_to_draw("The chart", draw, comparison.notices)) comparison.charts.push_back(std::move(*drawn));
}

}  // namespace octet
