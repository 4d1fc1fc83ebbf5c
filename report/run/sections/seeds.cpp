#include "report/run/sections/seeds.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/number_text.h"
#include "eval/score/student_t.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/chart_drawer.h"
#include "report/run/report.h"

namespace octet {
namespace {

using Escape = std::string (*)(std::string_view);

constexpr std::size_t kMostColumns = 5;  // of seeds in a table; report.json has all

const ReportModel& model_of(const Report& report, const std::string& name) {
  const auto found = std::find_if(report.models.begin(), report.models.end(),
                                  [&](const ReportModel& model) { return model.name == name; });
  check(found != report.models.end(), "[seeds] expected the model {} in the report of every seed, found none", name);
  return *found;
}

/// `number` of every report.
template <typename Number>
ReportSpread spread(std::span<const Report> reports, double confidence, Number number) {
  ReportSpread result;
  for (const Report& report : reports) result.values.push_back(number(report));
  result.std = sample_deviation(result.values);
  result.mean = mean_interval(result.values, confidence);
  return result;
}

/// Whether there is something to show: report.json may come from elsewhere.
bool is_shown(const Report& report) {
  return report.seeds && report.seeds->seeds.size() > 1 && !report.seeds->models.empty() &&
         report.seeds->confidence > 0 && report.seeds->confidence < 1;
}

/// Of the first seed, over the test text.
Interval text_interval(const Report& report, const std::string& name) {
  for (const ReportModel& model : report.models) {
    if (model.name == name) return model.ppl_increase;
  }
  return {};
}

std::string with_interval(const Interval& interval) {
  return fmt::format("{} ({} to {})", format_change(interval.mean), format_change(interval.low),
                     format_change(interval.high));
}

std::vector<std::string> model_header(const ReportSeeds& seeds) {
  std::vector<std::string> names = {"Model"};
  if (seeds.seeds.size() <= kMostColumns) {
    for (const std::uint64_t seed : seeds.seeds) names.push_back(fmt::format("seed {}", seed));
  }
  for (const char* name :
       {"perplexity, mean ± std", "against its FP32, mean ± std", "interval over seeds", "interval over the text"}) {
    names.emplace_back(name);
  }
  return names;
}

std::vector<std::vector<std::string>> model_rows(const Report& report, Escape escape) {
  const ReportSeeds& seeds = *report.seeds;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < seeds.models.size(); ++i) {
    const ReportSeedModel& model = seeds.models[i];
    std::vector<std::string> row = {escape(model.name)};
    if (seeds.seeds.size() <= kMostColumns) {
      for (const double value : model.perplexity.values) row.push_back(format_fixed(value, 3));
    }
    row.push_back(
        fmt::format("{} ± {}", format_fixed(model.perplexity.mean.mean, 3), format_fixed(model.perplexity.std, 3)));
    const ReportSpread& change = model.ppl_increase;
    const bool reference = i == 0;
    row.push_back(reference ? "" : fmt::format("{} ± {}", format_change(change.mean.mean), format_percent(change.std)));
    row.push_back(reference ? ""
                            : fmt::format("{} to {}", format_change(change.mean.low), format_change(change.mean.high)));
    const Interval text = text_interval(report, model.name);
    row.push_back(reference ? "" : fmt::format("{} to {}", format_change(text.low), format_change(text.high)));
    rows.push_back(std::move(row));
  }
  return rows;
}

const std::vector<std::string>& step_header() {
  static const std::vector<std::string> names = {
      "Model", "beside", "perplexity, over seeds", "seeds that agree", "over the text", "Does it hold?"};
  return names;
}

std::string words(SeedVerdict verdict) {
  switch (verdict) {
    case SeedVerdict::holds:
      return "yes";
    case SeedVerdict::too_few:
      return "every seed says so, but they are too few";
    case SeedVerdict::disagree:
      return "no: seeds disagree";
    case SeedVerdict::same:
      return "no difference";
    case SeedVerdict::undrawn:
      return "seeds say nothing: neither draws";
    case SeedVerdict::unknown:
      return "not measured";
  }
  return {};
}

/// The interval over the test text of the same step, of the first seed.
Interval text_interval(const Report& report, const ReportSeedStep& step) {
  for (const ReportComparison& comparison : report.comparisons) {
    if (comparison.better == step.better && comparison.worse == step.worse) return comparison.ppl_increase;
  }
  return {};
}

std::vector<std::vector<std::string>> step_rows(const Report& report, Escape escape) {
  std::vector<std::vector<std::string>> rows;
  for (const ReportSeedStep& step : report.seeds->comparisons) {
    const auto& values = step.ppl_increase.values;
    const auto agree = std::count_if(values.begin(), values.end(), [](double value) { return value > 0; });
    const Interval text = text_interval(report, step);
    rows.push_back({escape(step.worse), escape(step.better), with_interval(step.ppl_increase.mean),
                    fmt::format("{} of {}", agree, values.size()),
                    fmt::format("{} to {}", format_change(text.low), format_change(text.high)),
                    words(judge_step(step))});
  }
  return rows;
}

std::string what_differs(const ReportSeeds& seeds) {
  const std::string list = fmt::format("{}", fmt::join(seeds.seeds, ", "));
  return seeds.trained
             ? fmt::format(
                   "The model was trained, quantized and evaluated {} times, with the seeds {}: other first "
                   "weights, another order of the text, other windows to calibrate on. The split of the text is "
                   "the same, and so are the windows of the test.",
                   seeds.seeds.size(), list)
             : fmt::format(
                   "The model is a given one, the same for all of the {} seeds {}: only what recipes draw differs, "
                   "windows to calibrate on and signs of rotations. A recipe that draws nothing gives the same "
                   "model every time, so this says nothing about other trainings.",
                   seeds.seeds.size(), list);
}

/// How far few seeds can be trusted.
std::string how_few(const ReportSeeds& seeds) {
  const auto n = static_cast<std::int64_t>(seeds.seeds.size());
  const double reach = student_t_limit(seeds.confidence, n - 1) / std::sqrt(static_cast<double>(n));
  return fmt::format(
      "{} seeds are {}. Intervals over seeds are of {} confidence by the t distribution with {} degree{} of freedom: they "
      "reach {} standard deviations to each side of the mean. That all {} agree on which of two equal models is better "
      "happens by chance once in {} times. Where seeds and text disagree, believe the wider interval.",
      n, n < 10 ? "few" : "a fair number", format_confidence(seeds.confidence), n - 1, n == 2 ? "" : "s",
      format_fixed(reach, 2), n, format_total(std::exp2(n - 1)));
}

/// "These steps hold across every seed: int4 beside int8."
std::string what_holds(const ReportSeeds& seeds, Escape escape) {
  const auto list = [&](SeedVerdict verdict) {
    std::vector<std::string> steps;
    for (const ReportSeedStep& step : seeds.comparisons) {
      if (judge_step(step) == verdict) steps.push_back(escape(step.worse) + " is worse than " + escape(step.better));
    }
    return steps;
  };
  const auto sentence = [](const char* begin, const std::vector<std::string>& steps) {
    return steps.empty() ? std::string() : fmt::format("{}: {}. ", begin, fmt::join(steps, "; "));
  };
  return sentence("These steps of the ranking hold for every seed, and the interval leaves 0 out",
                  list(SeedVerdict::holds)) +
         sentence("Every seed has these too, but so few may agree by chance", list(SeedVerdict::too_few)) +
         sentence("Another seed turns these round, so take the two models as equals", list(SeedVerdict::disagree));
}

/// What another seed changes beside what another text would: of the trained model.
std::string seed_against_text(const ReportSeeds& seeds) {
  const ReportSpread& fp32 = seeds.models.front().perplexity;
  if (!seeds.trained || !(fp32.mean.mean > 0)) return "";
  return fmt::format(
      "From seed to seed the perplexity of FP32 itself varies by {} (one standard deviation); a quantized model is "
      "compared with FP32 of its own seed, so that this cancels.",
      format_percent(fp32.std / fp32.mean.mean));
}

std::vector<std::string> paragraphs(const Report& report, Escape escape) {
  std::vector<std::string> texts;
  for (std::string text : {what_differs(*report.seeds), what_holds(*report.seeds, escape),
                           seed_against_text(*report.seeds), how_few(*report.seeds)}) {
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::string markdown(const Report& report) {
  if (!is_shown(report)) return "";
  std::string text;
  for (const std::string& paragraph : paragraphs(report, escape_markdown)) text += paragraph + "\n\n";
  text += markdown_header(model_header(*report.seeds));
  for (const auto& row : model_rows(report, escape_markdown)) text += markdown_row(row);
  if (report.seeds->comparisons.empty()) return text + "\n";
  text += "\n" + markdown_header(step_header());
  for (const auto& row : step_rows(report, escape_markdown)) text += markdown_row(row);
  return text + "\n";
}

std::string html(const Report& report, const std::filesystem::path&) {
  if (!is_shown(report)) return "";
  std::string body;
  for (const std::string& paragraph : paragraphs(report, escape_html)) body += "<p>" + paragraph + "</p>\n";
  body += html_table(model_header(*report.seeds), model_rows(report, escape_html), 1, "compared");
  if (!report.seeds->comparisons.empty()) body += html_table(step_header(), step_rows(report, escape_html), 2);
  return body;
}

Chart seeds_chart(const Report& report, const std::filesystem::path& folder, const std::string& file) {
  SeedsChart chart = {report.seeds->confidence, {}};
  for (std::size_t i = 1; i < report.seeds->models.size(); ++i) {
    const ReportSeedModel& model = report.seeds->models[i];
    const Interval text = text_interval(report, model.name);
    chart.models.push_back({model.name, text.low, text.high, model.ppl_increase.values});
  }
  return draw_seeds_chart(folder, file, chart);
}

void draw(const Report& report, ChartDrawer& drawer) {
  if (!is_shown(report) || report.seeds->models.size() < 2) return;
  drawer.draw("seeds", "seeds beside the text",
              [&](const std::string& file) { return seeds_chart(report, drawer.folder(), file); });
}

}  // namespace

SeedVerdict judge_step(const ReportSeedStep& step) {
  const auto& values = step.ppl_increase.values;
  const auto all = [&](auto condition) { return std::all_of(values.begin(), values.end(), condition); };
  if (values.size() < 2 || !all([](double value) { return std::isfinite(value); })) return SeedVerdict::unknown;
  if (all([](double value) { return value == 0; })) return SeedVerdict::same;
  if (all([&](double value) { return value == values.front(); })) return SeedVerdict::undrawn;
  if (!all([](double value) { return value > 0; })) return SeedVerdict::disagree;
  return step.ppl_increase.mean.low > 0 ? SeedVerdict::holds : SeedVerdict::too_few;
}

ReportSeeds compare_seeds(std::span<const Report> reports, std::vector<std::uint64_t> seeds, bool trained) {
  check(reports.size() >= 2 && reports.size() == seeds.size(),
        "[seeds] expected the reports of at least two seeds, got {} of {}", reports.size(), seeds.size());
  const Report& first = reports.front();
  const double confidence = first.protocol.confidence;
  ReportSeeds result = {trained, confidence, std::move(seeds), {}, {}};
  const std::string& fp32 = first.models.front().name;
  const auto perplexity = [](const Report& report, const std::string& name) {
    return model_of(report, name).perplexity;
  };
  for (const ReportModel& model : first.models) {
    result.models.push_back(
        {model.name, spread(reports, confidence, [&](const Report& each) { return perplexity(each, model.name); }),
         spread(reports, confidence,
                [&](const Report& each) { return perplexity(each, model.name) / perplexity(each, fp32) - 1; })});
  }
  for (const ReportComparison& step : first.comparisons) {
    result.comparisons.push_back({step.better, step.worse, spread(reports, confidence, [&](const Report& each) {
                                    return perplexity(each, step.worse) / perplexity(each, step.better) - 1;
                                  })});
  }
  return result;
}

ReportSection seeds_section() {
  return {.id = "seeds", .title = "Another seed", .markdown = markdown, .html = html, .draw = draw};
}

}  // namespace octet
