#include "report/labs/entropy_lab.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "report/charts/gnuplot.h"
#include "report/charts/try_to_draw.h"
#include "text/sources/source_reader.h"

namespace octet {
namespace {

/// Logits must be finite: exp(-100) of what the source never writes changes no digit.
constexpr float kImpossible = -100.0F;

/// Where the symbols are among the tokens.
struct SymbolTokens {
  std::vector<std::int32_t> tokens;  ///< of each symbol
  std::int64_t vocabulary = 0;

  SymbolTokens(const SymbolSource& source, const Tokenizer& tokenizer) : vocabulary(tokenizer.vocab_size()) {
    for (const char c : source.symbols()) tokens.push_back(tokenizer.encode(std::string(1, c)).front());
  }
  std::size_t symbol_of(std::int32_t token) const {
    for (std::size_t k = 0; k < tokens.size(); ++k) {
      if (tokens[k] == token) return k;
    }
    fail(ErrorKind::input, "[source] expected the symbols of the source, got the token {}", token);
  }
};

/// Logits of the symbols that follow each of `ids`.
void predict_window(const SymbolSource& source, const SymbolTokens& symbols, std::span<const std::int32_t> ids,
                    std::span<float> logits) {
  SourceReader reader(source);
  for (std::size_t t = 0; t < ids.size(); ++t) {
    reader.read(symbols.symbol_of(ids[t]));
    const std::vector<double> next = reader.next();
    for (std::size_t k = 0; k < next.size(); ++k) {
      if (next[k] <= 0) continue;
      logits[t * static_cast<std::size_t>(symbols.vocabulary) + static_cast<std::size_t>(symbols.tokens[k])] =
          static_cast<float>(std::log(next[k]));
    }
  }
}

EntropyModel model_result(const Evaluation& source, const Evaluation& fp32, const Evaluation& evaluation,
                          double true_entropy, const BootstrapOptions& bootstrap) {
  EntropyModel model;
  model.name = evaluation.name;
  model.nll = evaluation.nll;
  model.excess_nats = evaluation.nll - true_entropy;
  model.excess_on_text = delta_nll(source, evaluation, bootstrap);
  model.kl_nats = evaluation.kl.mean;
  model.model_nats = fp32.kl.mean;
  model.quantizer_nats = evaluation.kl.mean - fp32.kl.mean;
  return model;
}

}  // namespace

EvaluatedModel source_model(const SymbolSource& source, const Tokenizer& tokenizer) {
  return {"source", [&source, symbols = SymbolTokens(source, tokenizer)](const Tensor& ids) {
            Tensor logits = Tensor::empty({ids.dim(0), ids.dim(1), symbols.vocabulary});
            const std::span<float> values = logits.span<float>();
            std::fill(values.begin(), values.end(), kImpossible);
            const auto length = static_cast<std::size_t>(ids.dim(1));
            for (std::size_t row = 0; row < static_cast<std::size_t>(ids.dim(0)); ++row) {
              const auto width = length * static_cast<std::size_t>(symbols.vocabulary);
              predict_window(source, symbols, ids.span<std::int32_t>().subspan(row * length, length),
                             values.subspan(row * width, width));
            }
            return logits;
          }};
}

EntropySourceResult measure_source(const SymbolSource& source, const EntropyBounds& entropy, const Tokenizer& tokenizer,
                                   std::span<const EvaluatedModel> models, std::span<const Window> windows,
                                   const BootstrapOptions& bootstrap, const EvaluateOptions& options,
                                   ProgressSink& progress) {
  std::vector<EvaluatedModel> all = {source_model(source, tokenizer)};
  all.insert(all.end(), models.begin(), models.end());
  const std::vector<Evaluation> evaluations = evaluate(all, windows, options, progress);
  EntropySourceResult result;
  result.true_entropy_nats = entropy.middle();
  result.true_entropy_low = entropy.low;
  result.true_entropy_high = entropy.high;
  result.text_nats = evaluations.front().nll;
  result.scored_symbols = evaluations.front().scored_tokens;
  for (std::size_t i = 1; i < evaluations.size(); ++i) {
    result.models.push_back(
        model_result(evaluations[0], evaluations[1], evaluations[i], result.true_entropy_nats, bootstrap));
  }
  return result;
}

void draw_entropy_lab(EntropyLab& lab, const std::filesystem::path& folder) {
  std::vector<EntropyPanel> panels;
  for (const EntropySourceResult& source : lab.sources) {
    panels.push_back({source.name, source.true_entropy_nats, {}});
    for (const EntropyModel& model : source.models) panels.back().points.push_back({model.name, model.kl_nats});
  }
  const auto draw = [&] { return draw_entropy_chart(folder / "charts", "entropy", panels); };
  if (auto drawn = try_to_draw("The chart", draw, lab.notices)) lab.charts = {std::move(*drawn)};
}

}  // namespace octet
