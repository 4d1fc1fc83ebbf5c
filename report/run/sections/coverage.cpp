#include "report/run/sections/coverage.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/number_text.h"
#include "quant/apply_recipe.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/report.h"

namespace octet {
namespace {

std::string markdown(const Report& report) {
  std::string text;
  for (const ReportModel& model : report.models) {
    if (model.coverage.empty()) continue;
    text += fmt::format("### {}\n\n{}\n\n", escape_markdown(model.name), escape_markdown(model.description));
    text += markdown_header({"Scheme", "Tensors", "Values", "Bytes"});
    for (const CoverageGroup& group : group_coverage(model.coverage)) {
      const std::string scheme = group.reason.empty() ? group.scheme : group.scheme + ": " + group.reason;
      text += markdown_row({escape_markdown(scheme), format_integer(group.tensors), format_total(group.values),
                            format_total(group.bytes)});
    }
    text += "\n";
  }
  return text;
}

std::string describe_scheme(const std::string& scheme, const std::string& reason) {
  if (reason.empty()) return escape_html(scheme);
  return fmt::format("{}<span class=\"interval\">{}</span>", escape_html(scheme), escape_html(reason));
}

std::string group_table(const std::vector<ReportTensor>& coverage) {
  std::vector<std::vector<std::string>> rows;
  for (const CoverageGroup& group : group_coverage(coverage)) {
    rows.push_back({describe_scheme(group.scheme, group.reason), format_integer(group.tensors),
                    format_total(group.values), format_total(group.bytes)});
  }
  return html_table({"Scheme", "Tensors", "Values", "Bytes"}, rows);
}

std::string tensor_table(const std::vector<ReportTensor>& coverage) {
  std::vector<std::vector<std::string>> rows;
  for (const ReportTensor& tensor : coverage) {
    const double bits =
        tensor.values > 0 ? 8.0 * static_cast<double>(tensor.bytes) / static_cast<double>(tensor.values) : kNotMeasured;
    rows.push_back({escape_html(tensor.name), describe_scheme(tensor.scheme, tensor.reason),
                    format_integer(tensor.values), format_integer(tensor.bytes), format_fixed(bits, 2)});
  }
  return html_table({"Tensor", "Scheme", "Values", "Bytes", "Bits per weight"}, rows, 2);
}

std::string html(const Report& report, const std::filesystem::path&) {
  std::string text;
  for (const ReportModel& model : report.models) {
    if (model.coverage.empty()) continue;
    text += fmt::format("<h3>{}</h3>\n<p>{}</p>\n", escape_html(model.name), escape_html(model.description));
    text += size_bar(model.size) + group_table(model.coverage);
    text += html_details(fmt::format("Every tensor ({})", model.coverage.size()), tensor_table(model.coverage));
  }
  return text;
}

std::vector<ReportTensor> report_tensors(const Coverage& coverage) {
  std::vector<ReportTensor> tensors;
  for (const CoverageRow& row : coverage.rows) {
    tensors.push_back({row.path, row.scheme, row.reason, row.shape.elements(), row.bytes});
  }
  return tensors;
}

}  // namespace

void put_coverage(ReportModel& model, const Coverage& coverage) {
  model.coverage = report_tensors(coverage);
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

std::vector<CoverageGroup> group_coverage(const Coverage& coverage) {
  return group_coverage(report_tensors(coverage));
}

ReportSection coverage_section() {
  return {.id = "coverage", .title = "What was quantized, and what not", .markdown = markdown, .html = html};
}

}  // namespace octet
