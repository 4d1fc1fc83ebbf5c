#include "report/run/sections/facts.h"

#include <fmt/format.h>

#include "base/number_text.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/report.h"
#include "text/corpus.h"
#include "text/tokenized_corpus.h"

namespace octet {
namespace {

std::vector<Fact> corpus_facts(const ReportCorpus& corpus) {
  return {{"Corpus", corpus.name},
          {"Corpus SHA-256", corpus.sha256},
          {"Split", fmt::format("{} bytes to train, {} to calibrate, {} to test; no block is in two of them",
                                format_integer(corpus.train_bytes), format_integer(corpus.calibration_bytes),
                                format_integer(corpus.test_bytes))},
          {"Tokens tested", format_integer(corpus.tokens_tested)},
          {"Bytes per token", format_fixed(corpus.bytes_per_token, 3)}};
}

std::vector<Fact> protocol_facts(const ReportProtocol& protocol) {
  std::vector<Fact> facts = {
      {"Context", fmt::format("{} tokens a window, a new window every {} tokens", protocol.context, protocol.stride)},
      {"Scored tokens", format_integer(protocol.scored_tokens)},
      {"Windows", format_integer(protocol.windows)}};
  if (protocol.bootstrap_samples > 0) {
    facts.push_back(
        {"Intervals", fmt::format("{}, {} bootstrap samples over windows, paired with FP32",
                                  format_confidence(protocol.confidence), format_integer(protocol.bootstrap_samples))});
  }
  return facts;
}

std::vector<Fact> machine_facts(const ReportMachine& machine) {
  return {{"Processor", machine.cpu},
          {"Instructions", machine.isa},
          {"Threads", std::to_string(machine.threads)},
          {"GPU", machine.gpu.empty() ? "none used" : machine.gpu},
          {"Backend", machine.backend},
          {"BLAS", machine.blas}};
}

std::vector<Fact> provenance_facts(const ReportProvenance& provenance) {
  return {{"Octet", provenance.octet_version + (provenance.commit.empty() ? "" : ", commit " + provenance.commit)},
          {"Command", provenance.command},
          {"Created", provenance.created}};
}

std::string markdown(const Report& report) {
  std::string text;
  for (const Fact& fact : list_facts(report)) text += fmt::format("- {}: {}\n", fact.name, escape_markdown(fact.value));
  const std::string& config = report.provenance.config;
  return config.empty() ? text : text + "\nConfiguration:\n\n" + markdown_code(config, "yaml");
}

std::string html(const Report& report, const std::filesystem::path&) {
  std::string text;
  for (const Fact& fact : list_facts(report)) {
    text += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(fact.name), escape_html(fact.value));
  }
  text = "<dl class=\"facts\">\n" + text + "</dl>\n";
  const std::string& config = report.provenance.config;
  if (!config.empty()) text += html_details("Configuration", "<pre>" + escape_html(config) + "</pre>", "printed");
  return text;
}

}  // namespace

ReportCorpus describe_corpus(const Corpus& corpus, const TokenizedCorpus& tokens) {
  return {.name = corpus.name,
          .sha256 = corpus.sha256,
          .train_bytes = tokens.train.bytes,
          .calibration_bytes = tokens.calibration.bytes,
          .test_bytes = tokens.test.bytes,
          .test_bytes_seen = corpus.test_bytes_seen,
          .tokens_tested = tokens.test.tokens,
          .bytes_per_token = tokens.bytes_per_token()};
}

std::vector<Fact> list_facts(const Report& report) {
  std::vector<Fact> facts;
  for (const std::vector<Fact>& some :
       {corpus_facts(report.corpus), protocol_facts(report.protocol), machine_facts(report.machine),
        training_facts(report.training), provenance_facts(report.provenance)}) {
    for (const Fact& fact : some) {
      const bool known = !fact.value.empty() && fact.value != "0" && fact.value != "n/a";
      if (known) facts.push_back(fact);
    }
  }
  return facts;
}

ReportSection facts_section() {
  return {.id = "facts", .title = "How it was measured", .markdown = markdown, .html = html};
}

}  // namespace octet
