#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/config/record.h"
#include "base/number_text.h"
#include "base/shown_text.h"
#include "base/text_columns.h"
#include "report/labs/lab_page.h"
#include "report/labs/natural_outliers.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/page/page_parts.h"

// The lab as natural-outliers.json, .md, .html and as a table: one list of columns and one of sentences for all.

namespace octet {
namespace {

using Escape = std::string (*)(std::string_view);

std::string large(double value) {
  return format_fixed(value, value < 10 ? 2 : value < 1000 ? 1 : 0);
}

std::vector<std::string> header(const NaturalLab& lab) {
  std::vector<std::string> cells = {"training", "perplexity", "largest |x| / std", "kurtosis", "mean kurtosis"};
  for (const NaturalModel& model : lab.variants.front().models) cells.push_back(model.name);
  return cells;
}

std::vector<std::string> row(const NaturalVariant& variant, const std::string& name) {
  std::vector<std::string> cells = {name, format_fixed(variant.perplexity, 3), large(variant.worst.max_over_std),
                                    large(variant.worst.kurtosis), large(variant.mean_kurtosis)};
  for (const NaturalModel& model : variant.models) cells.push_back(format_change(model.ppl_increase.mean));
  return cells;
}

/// A token as it can be read: "," or "\n".
std::string readable(std::string_view token) {
  std::string text;
  for (const char c : token) text += c == '\n' ? std::string("\\n") : std::string(1, c);
  return "\"" + excerpt(text) + "\"";
}

std::string carriers(const NaturalVariant& variant, double threshold, Escape escape) {
  const WorstLayer& worst = variant.worst;
  const std::string begin =
      fmt::format("{}: the largest input is that of {}", escape(variant.name), escape(worst.layer));
  if (worst.beyond == 0) {
    return begin + fmt::format("; none of its {} values lies beyond {} standard deviations.",
                               format_integer(worst.values), format_threshold(threshold));
  }
  std::vector<std::string> channels, tokens;
  for (const OutlierShare& channel : worst.channels) {
    channels.push_back(fmt::format("{} ({})", channel.name, format_percent(channel.share, 0)));
  }
  for (const OutlierShare& token : worst.tokens) {
    tokens.push_back(fmt::format("{} ({}; {} of the text)", escape(readable(token.name)),
                                 format_percent(token.share, 0), format_percent(token.text_share, 1)));
  }
  return begin + fmt::format(
                     ". Of its {} values {} lie beyond {} standard deviations. Channels with most of them: {}. "
                     "Tokens: {}. At the first position of a window: {}.",
                     format_integer(worst.values), format_integer(worst.beyond), format_threshold(threshold),
                     fmt::join(channels, ", "), fmt::join(tokens, ", "), format_percent(worst.share_first, 0));
}

std::string difference(const NaturalVariant& variant, Escape escape) {
  return escape(variant.set.empty() ? "as the configuration says" : fmt::format("{}", fmt::join(variant.set, ", ")));
}

std::vector<std::string> lead(const NaturalLab& lab) {
  return {
      fmt::format(
          "One model was trained {} times for {} steps with the same seed and the same text, each time with one "
          "thing about it changed; the first is the reference.",
          lab.variants.size(), format_integer(lab.steps)),
      "Nothing was planted: these are outliers that grew by themselves.",
      "A training that keeps its activations small makes int8 with one scale for a layer cheap. Whether it does is what "
      "the table says, and what it costs stands in the column of perplexity."};
}

/// A training must grow outliers of at most this share of the first one's to be called a help: less may be chance.
constexpr double kClear = 0.5;

/// "The smallest outliers are those of gate: 11.1 standard deviations where plain has 44.4; ..."
std::string what_helped(const NaturalLab& lab, Escape escape) {
  const auto [least, most] =
      std::minmax_element(lab.variants.begin(), lab.variants.end(),
                          [](const auto& a, const auto& b) { return a.worst.max_over_std < b.worst.max_over_std; });
  const NaturalVariant& first = lab.variants.front();
  if (least->worst.max_over_std > kClear * first.worst.max_over_std) {
    return fmt::format(
        "No change halves the largest outlier of {}, which lies {} standard deviations out: the others have from {} ({}) to "
        "{} ({}).",
        escape(first.name), large(first.worst.max_over_std), large(least->worst.max_over_std), escape(least->name),
        large(most->worst.max_over_std), escape(most->name));
  }
  return fmt::format(
      "The smallest outliers are those of {}: {} standard deviations where {} has {}; its perplexity is {} beside that of "
      "{}.",
      escape(least->name), large(least->worst.max_over_std), escape(first.name), large(first.worst.max_over_std),
      format_change(least->perplexity / first.perplexity - 1), escape(first.name));
}

std::string method(const NaturalLab& lab) {
  return fmt::format(
      "A layer's outliers are counted on windows of the test text: how many standard deviations the largest input lies from "
      "the mean, and the kurtosis, which is 3 for normal values. Both columns are of the layer with the largest outlier; "
      "the mean kurtosis is over all layers. Columns of recipes: perplexity beside FP32 of the same training. Trainings "
      "are short, the model has {} parameters, and each was trained once: a difference of some percent of perplexity may "
      "be the seed's (`seeds:` of a run measures that). Intervals of {} confidence are in natural-outliers.json.",
      format_integer(lab.parameters), format_confidence(lab.confidence));
}

}  // namespace

std::string natural_lab_markdown(const NaturalLab& lab) {
  std::string text = fmt::format("# Natural outliers: {}\n\n", escape_markdown(lab.name));
  text += markdown_sentences(lead(lab)) + "\n\n" + what_helped(lab, escape_markdown) + "\n\n";
  text += markdown_notices(lab.notices);
  std::vector<std::string> names;
  for (const std::string& name : header(lab)) names.push_back(escape_markdown(name));
  text += markdown_header(names);
  for (const NaturalVariant& variant : lab.variants) text += markdown_row(row(variant, escape_markdown(variant.name)));
  text += "\n## What was changed\n\n";
  for (const NaturalVariant& variant : lab.variants) {
    text += fmt::format("- {}: {} ([report]({}))\n", escape_markdown(variant.name),
                        difference(variant, escape_markdown), variant.report);
  }
  text += "\n## Who carries them\n\n";
  for (const NaturalVariant& variant : lab.variants) {
    text += "- " + carriers(variant, lab.threshold, escape_markdown) + "\n";
  }
  text += "\n";
  for (const Chart& chart : lab.charts) text += markdown_figure(chart, 2);
  return text + lab_facts_markdown(method(lab), lab.provenance);
}

std::string natural_lab_html(const NaturalLab& lab, const std::filesystem::path& folder) {
  std::string figures, changes, who;
  for (const Chart& chart : lab.charts) figures += html_figure(chart, folder);
  std::vector<std::string> names;
  for (const std::string& name : header(lab)) names.push_back(escape_html(name));
  std::vector<std::vector<std::string>> rows;
  for (const NaturalVariant& variant : lab.variants) {
    rows.push_back(row(variant, escape_html(variant.name)));
    changes += fmt::format("<li>{}: {} (<a href=\"{}\">report</a>)</li>\n", escape_html(variant.name),
                           difference(variant, escape_html), escape_html(variant.report));
    who += "<li>" + carriers(variant, lab.threshold, escape_html) + "</li>\n";
  }
  return html_page("Octet lab", "Natural outliers: " + lab.name, html_sentences(lead(lab)),
                   html_notices(lab.notices) +
                       html_section("result", "Which training grows outliers",
                                    "<p>" + what_helped(lab, escape_html) + "</p>\n" + html_table(names, rows) +
                                        "<ul>" + changes + "</ul>\n" + figures) +
                       html_section("carriers", "Who carries them", "<ul>" + who + "</ul>\n") +
                       lab_facts_html(method(lab), lab.provenance));
}

std::string natural_lab_table(const NaturalLab& lab) {
  constexpr std::size_t kMostNameColumns = 24;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> names;
  for (const std::string& name : header(lab)) names.push_back(shortened(name, kMostNameColumns));
  rows.push_back(names);
  for (const NaturalVariant& variant : lab.variants) {
    rows.push_back(row(variant, shortened(variant.name, kMostNameColumns)));
  }
  return align_columns(rows, "<" + std::string(names.size() - 1, '>')) + "\n" +
         what_helped(lab, [](std::string_view text) { return shown_text(text); }) + "\n\n";
}

void write_natural_lab(const std::filesystem::path& folder, const NaturalLab& lab) {
  write_pages(folder, "natural-outliers",
              {record_to_json(lab), natural_lab_markdown(lab), natural_lab_html(lab, folder)});
}

}  // namespace octet
