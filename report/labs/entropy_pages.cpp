#include <cmath>

#include <fmt/format.h>

#include "base/config/record.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/labs/entropy_lab.h"
#include "report/labs/lab_page.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/page/page_parts.h"

// The lab as entropy.json, entropy.md, entropy.html and as a table: one list of columns and one of sentences for all.

namespace octet {
namespace {

constexpr int kDigits = 4;  // of nats: the last one is below what a text of some 100,000 symbols can tell

struct Column {
  const char* name;
  const char* meaning;
  std::string (*value)(const EntropyModel& model);
};

std::string nats(double value) {
  return format_fixed(value, kDigits);
}

const std::vector<Column>& columns() {
  static const std::vector<Column> list = {
      {"bits/weight", "Storage per parameter, scales included.",
       [](const EntropyModel& m) { return format_fixed(m.bits_per_weight, 2); }},
      {"nll", "What the model pays for a symbol of the test text, on average: -ln of the probability that it gave it.",
       [](const EntropyModel& m) { return nats(m.nll); }},
      {"excess", "nll less the true entropy. The luck of the test text is part of it.",
       [](const EntropyModel& m) { return nats(m.excess_nats); }},
      {"excess on text", "nll less what the source itself pays on the very same symbols, with its interval.",
       [](const EntropyModel& m) {
         return fmt::format("{} ({} to {})", nats(m.excess_on_text.mean), nats(m.excess_on_text.low),
                            nats(m.excess_on_text.high));
       }},
      {"KL", "The same without luck: the distance between the probabilities of source and model. Never below 0.",
       [](const EntropyModel& m) { return format_divergence(m.kl_nats); }},
      {"of the model", "The part of KL that training left: KL of the unrounded model.",
       [](const EntropyModel& m) { return format_divergence(m.model_nats); }},
      {"of the quantizer", "The part that rounding added.",
       [](const EntropyModel& m) {
         return m.quantizer_nats < 0 ? "-" + format_divergence(-m.quantizer_nats) : format_divergence(m.quantizer_nats);
       }},
  };
  return list;
}

std::string entropy_text(const EntropySourceResult& source) {
  const double width = source.true_entropy_high - source.true_entropy_low;
  return width > 0 ? fmt::format("{} (known to within {:.1e})", nats(source.true_entropy_nats), width / 2)
                   : fmt::format("{} (exact)", nats(source.true_entropy_nats));
}

/// What to see on a source, in two or three sentences.
std::string verdict(const EntropySourceResult& source) {
  const EntropyModel& trained = source.models.front();
  std::string text = fmt::format(
      "True entropy: {} nats per symbol. The source itself pays {} on the {} scored symbols, so the luck of this text is "
      "{:+.{}f}. The trained model loses {} nats per symbol beside the source.",
      entropy_text(source), nats(source.text_nats), format_integer(source.scored_symbols),
      source.text_nats - source.true_entropy_nats, kDigits, format_divergence(trained.kl_nats));
  std::string cheap, dear;
  for (const EntropyModel& model : source.models) {
    if (&model == &trained) continue;
    std::string& list = model.quantizer_nats > trained.kl_nats ? dear : cheap;
    list += (list.empty() ? "" : ", ") + model.name;
  }
  if (!cheap.empty()) text += fmt::format(" Rounding costs less than that, or as much, with {}.", cheap);
  if (!dear.empty()) text += fmt::format(" It costs more with {}.", dear);
  return text;
}

std::vector<std::string> lead(const EntropyLab& lab) {
  std::string names;
  for (const EntropySourceResult& source : lab.sources) names += (names.empty() ? "" : ", ") + source.name;
  return {
      fmt::format("On each of {} sources of random text ({}) a model was trained and quantized.", lab.sources.size(),
                  names),
      "Their entropy is known, and no model can pay less for a symbol on average: whatever one pays above it is its error.",
      "Beside the source itself on the same text, that error has two parts which add up: what training left, and what "
      "rounding added."};
}

std::string method(const EntropyLab& lab) {
  return fmt::format(
      "Numbers are nats per symbol on the test part of each text, which no model was trained on; a symbol is a byte and a "
      "token. Windows of {} symbols begin every {}, and of each the last {} count, so that a scored symbol has at least "
      "{} before it (but at the start of a stretch of text). The source predicts from the same windows: it does not know "
      "its state at their beginning either. Intervals are of {} confidence, by bootstrap over windows.",
      lab.context, lab.stride, lab.stride, lab.context - lab.stride, format_confidence(lab.confidence));
}

std::vector<std::string> header(const std::string& first) {
  std::vector<std::string> cells = {first};
  for (const Column& column : columns()) cells.emplace_back(column.name);
  return cells;
}

std::vector<std::string> row(const std::string& name, const EntropyModel& model) {
  std::vector<std::string> cells = {name};
  for (const Column& column : columns()) cells.push_back(column.value(model));
  return cells;
}

std::string source_html(const EntropySourceResult& source) {
  std::vector<std::vector<std::string>> rows;
  for (const EntropyModel& model : source.models) rows.push_back(row(escape_html(model.name), model));
  return fmt::format("<h3>{}</h3>\n<p>{}</p>\n{}<p><a href=\"{}\">The report of this run</a></p>\n",
                     escape_html(source.name), escape_html(verdict(source)), html_table(header("model"), rows),
                     escape_html(source.report));
}

}  // namespace

std::string entropy_lab_markdown(const EntropyLab& lab) {
  std::string text = fmt::format("# Entropy lab: {}\n\n", escape_markdown(lab.name));
  text += markdown_sentences(lead(lab)) + "\n\n" + markdown_notices(lab.notices);
  for (const EntropySourceResult& source : lab.sources) {
    text += fmt::format("## {}\n\n{} [Report]({})\n\n", escape_markdown(source.name), escape_markdown(verdict(source)),
                        source.report);
    text += markdown_header(header("model"));
    for (const EntropyModel& model : source.models) text += markdown_row(row(escape_markdown(model.name), model));
    text += "\n";
  }
  for (const Column& column : columns()) text += fmt::format("- **{}**: {}\n", column.name, column.meaning);
  text += "\n";
  for (const Chart& chart : lab.charts) text += markdown_figure(chart, 2);
  return text + lab_facts_markdown(method(lab), lab.provenance);
}

std::string entropy_lab_html(const EntropyLab& lab, const std::filesystem::path& folder) {
  std::string figures, sources, meanings;
  for (const Chart& chart : lab.charts) figures += html_figure(chart, folder);
  for (const EntropySourceResult& source : lab.sources) sources += source_html(source);
  for (const Column& column : columns()) {
    meanings += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(column.name), escape_html(column.meaning));
  }
  return html_page("Octet entropy lab", lab.name, html_sentences(lead(lab)),
                   html_notices(lab.notices) + html_section("chart", "Errors of models and of quantizers", figures) +
                       html_section("sources", "All numbers, in nats per symbol",
                                    sources + "<dl class=\"facts\">\n" + meanings + "</dl>\n") +
                       lab_facts_html(method(lab), lab.provenance));
}

std::string entropy_lab_table(const EntropyLab& lab) {
  std::string text;
  for (const EntropySourceResult& source : lab.sources) {
    text += fmt::format("{}: true entropy {} nats per symbol, {} of this text\n", one_line(source.name),
                        entropy_text(source), nats(source.text_nats));
    std::vector<std::vector<std::string>> rows = {header("model")};
    for (const EntropyModel& model : source.models) rows.push_back(row(shortened(model.name, 18), model));
    text += align_columns(rows, "<" + std::string(columns().size(), '>')) + "\n";
  }
  return text;
}

void write_entropy_lab(const std::filesystem::path& folder, const EntropyLab& lab) {
  write_pages(folder, "entropy", {record_to_json(lab), entropy_lab_markdown(lab), entropy_lab_html(lab, folder)});
}

}  // namespace octet
