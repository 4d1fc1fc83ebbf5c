// Reports that nobody meant: every list empty, every number null, zero, negative or huge, one after the other and all
// at once. They are refused with an Error or rendered, never a crash; the sanitizers watch.
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/number_text.h"
#include "tests/report/sample_report.h"

namespace octet::odd_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

/// The sample with every section.
Report full_report() {
  Report report = sample::report();
  OutlierLab lab;
  lab.places = {"norms", "values"};
  lab.channels = {0};
  lab.schemes = {{"fp32", "planted", false}, {"int8", "int8 per_channel", false}, {"per-tensor", "simulated", true}};
  for (const std::int64_t k : {0, 9}) {
    for (const OutlierLabScheme& scheme : lab.schemes)
      lab.rows.push_back({k, scheme.name, 8.0, 0.01, 0.0, 0.02, 0.001});
  }
  report.outlier_lab = lab;
  return report;
}

void render(const std::string& text) {
  try {
    const Report report = report_from_json(text, "r.json");
    report_to_json(report);
    report_table(report);
    const std::string html = report_to_html(report, "/nowhere"), markdown = report_to_markdown(report);
    EXPECT_LT(html.size(), 200'000u);
    EXPECT_THAT(markdown, Not(HasSubstr("nan"))) << text;
    EXPECT_THAT(markdown, Not(HasSubstr(" inf"))) << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
  }
}

// Of each list, those that take absurd values. Under sanitizers, which take ten times as long, the first stands for
// all.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kItems = 1;
#else
constexpr std::size_t kItems = 3;
#endif

/// Takes from each list what lies behind kItems and one more, where the report is complete without it: the walk reads
/// and renders the whole report thousands of times, and most of it would be rows of tables that nothing happens to.
void shorten(Json& root, Json& value) {
  if (value.is_array() && value.size() > kItems + 1) {
    const Json whole = value;
    value.erase(value.begin() + kItems + 1, value.end());
    try {
      report_from_json(root.dump(), "r.json");
    } catch (const Error&) {
      value = whole;  // the length of another list, or a sum, tells this one's
    }
  }
  if (!value.is_structured()) return;
  for (Json& child : value) shorten(root, child);
}

/// As JSON, with short lists.
Json short_json(const Report& report) {
  Json root = Json::parse(report_to_json(report));
  shorten(root, root);
  return root;
}

/// Sets each value in turn to each of `others` and renders.
void walk(Json& root, Json& value, const std::vector<Json>& others) {
  for (const Json& other : others) {
    const Json before = value;
    value = other;
    render(root.dump());
    value = before;
  }
  if (!value.is_structured()) return;
  const bool is_list = value.is_array();
  for (std::size_t i = 0; i < value.size() && (!is_list || i < kItems); ++i) {
    walk(root, is_list ? value[i] : std::next(value.begin(), static_cast<std::ptrdiff_t>(i)).value(), others);
  }
}

const std::vector<Json>& absurd_values() {
  static const std::vector<Json> values = {nullptr,   0,         -1,    Json::array(), Json::object(), "",
                                           INT64_MAX, INT64_MIN, 1e300, -1e300,        1e-300,         0.0};
  return values;
}

TEST(OddReport, AnyValueMayBeMissingOrAbsurd) {
  Json root = short_json(sample::report());
  walk(root, root, absurd_values());
}

TEST(OddReport, AnyValueOfTheOutlierLabToo) {
  Json root = short_json(full_report());
  walk(root, root["outlier_lab"], absurd_values());
}

void replace_numbers(Json& value, const Json& number) {
  for (Json& child : value) {
    if (child.is_structured()) replace_numbers(child, number);
    if (child.is_number_float() && number.is_number_float()) child = number;
    if (child.is_number_integer() && number.is_number_integer()) child = number;
    if (child.is_null() && number.is_number_float()) child = number;
    if (child.is_number_float() && number.is_null()) child = number;
  }
}

TEST(OddReport, AllNumbersMayBeAbsurd) {
  for (const Json& number : std::vector<Json>{nullptr, 0, -1, INT64_MAX, INT64_MIN, 0.0, -1.0, 1e300, -1e300, 1e-300}) {
    Json root = Json::parse(report_to_json(sample::report()));
    replace_numbers(root, number);
    root["version"] = 1;
    if (number.is_number_integer() && number < Json(0)) root["seed"] = 1;
    render(root.dump());
  }
}

TEST(OddReport, TheConfidenceIsThatOfTheRun) {
  Report report = sample::report();
  report.protocol.confidence = 0.5;
  report.seeds->confidence = 0.5;
  for (const std::string& text : {report_to_markdown(report), report_to_html(report, "/nowhere")}) {
    EXPECT_THAT(text, HasSubstr("50 % interval"));
    EXPECT_THAT(text, HasSubstr("with 50 % confidence"));
    EXPECT_THAT(text, HasSubstr("50 %, 2,000 bootstrap samples"));
    EXPECT_THAT(text, Not(HasSubstr("95 %")));
  }
  EXPECT_EQ(format_confidence(0.995), "99.5 %");
  EXPECT_EQ(format_confidence(0.9999), "99.99 %");
  EXPECT_EQ(format_confidence(kNotMeasured), "n/a");
}

TEST(OddReport, EveryPromptIsShown) {
  Report report = sample::report();
  report.samples = {{"First prompt", {{"fp32", " one"}, {"int8", " two"}}}, {"Second prompt", {{"fp32", " three"}}}};
  for (const std::string& text : {report_to_markdown(report), report_to_html(report, "/nowhere")}) {
    for (const char* part : {"First prompt", " one", " two", "Second prompt", " three"})
      EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(OddReport, TheConfigurationKeepsItsLines) {
  Report report = sample::report();
  report.provenance.config = "name: demo\nmodel:\n  width: 32\n";
  EXPECT_THAT(report_to_markdown(report), HasSubstr("```yaml\nname: demo\nmodel:\n  width: 32\n```"));
  EXPECT_THAT(report_to_html(report, "/nowhere"), HasSubstr("<pre>name: demo\nmodel:\n  width: 32\n</pre>"));
}

/// Each text in turn; one that is refused, as a name among few is, cannot be shown.
void expect_escaped(Json& root, Json& value) {
  if (value.is_string()) {
    const Json before = value;
    value = "<i>&x";
    try {
      const Report report = report_from_json(root.dump(), "r.json");
      EXPECT_THAT(report_to_html(report, "/nowhere"), Not(HasSubstr("<i>&"))) << before;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
    }
    value = before;
  }
  if (!value.is_structured()) return;
  for (Json& child : value) expect_escaped(root, child);
}

TEST(OddReport, NoTextBecomesMarkupOfThePage) {
  Json root = Json::parse(report_to_json(full_report()));
  expect_escaped(root, root);
}

TEST(OddReport, NoTextBecomesMarkup) {
  Report report = sample::report();
  report.notices = {"> 1. x", "https://a.b www.c.d &lt; ![i](j) ~~k~~ $l$ \x1B[31m\nm"};
  report.models[1].description = "1. no list";
  report.models[2].description = "    - no list, no code";
  const std::string text = report_to_markdown(report);
  EXPECT_THAT(text, HasSubstr("> Note: \\> 1. x\n"));
  EXPECT_THAT(text, HasSubstr("https\\://a.b www\\.c.d &amp;lt; !\\[i\\](j) \\~\\~k\\~\\~ \\$l\\$ \uFFFD\\[31m m\n"));
  EXPECT_THAT(text, HasSubstr("\n1\\. no list\n"));
  EXPECT_THAT(text, HasSubstr("\n\\- no list, no code\n"));
}

}  // namespace
}  // namespace octet::odd_test
