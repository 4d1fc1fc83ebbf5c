#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "eval/score/evaluator.h"
#include "eval/score/interval.h"
#include "eval/score/paired.h"
#include "report/charts/charts.h"
#include "report/run/sections/facts.h"
#include "text/sources/entropy_rate.h"
#include "text/sources/symbol_source.h"
#include "text/tokenizer.h"

// The entropy lab: models on texts whose entropy is known, so that the error of a model and that of its quantizer are
// separated exactly. The structs are entropy.json: names, units and meaning are stable, and all numbers are nats per
// symbol.

namespace octet {

struct EntropyModel {
  std::string name;
  double bits_per_weight = kNotMeasured;
  double nll = kNotMeasured;          ///< mean of -ln p(symbol) on the test text
  double excess_nats = kNotMeasured;  ///< nll - true_entropy_nats: with the luck of the text
  Interval excess_on_text;            ///< nll - text_nats, symbol for symbol, bootstrap over windows
  /// Mean of KL(source || model) over the scored symbols: what excess_on_text estimates, without the luck of which
  /// symbol came. Never below 0. It is model_nats + quantizer_nats.
  double kl_nats = kNotMeasured;
  double model_nats = kNotMeasured;      ///< kl_nats of the trained model: what training left
  double quantizer_nats = kNotMeasured;  ///< kl_nats beyond that: what rounding added

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("bits_per_weight", bits_per_weight, allow_nonfinite());
    v("nll", nll, allow_nonfinite());
    v("excess_nats", excess_nats, allow_nonfinite());
    v("excess_on_text", excess_on_text);
    v("kl_nats", kl_nats, allow_nonfinite());
    v("model_nats", model_nats, allow_nonfinite());
    v("quantizer_nats", quantizer_nats, allow_nonfinite());
  }
};

struct EntropySourceResult {
  std::string name, kind;
  double true_entropy_nats = kNotMeasured;  ///< of an endless text; the middle of the two bounds
  double true_entropy_low = kNotMeasured, true_entropy_high = kNotMeasured;  ///< equal where it is known exactly
  double text_nats =
      kNotMeasured;          ///< nll of the source itself on the scored symbols, with the same symbols before them
  std::int64_t symbols = 0;  ///< of the whole text
  std::int64_t scored_symbols = 0;   ///< of its test part
  std::string report;                ///< the page of this run, beside entropy.json
  std::vector<EntropyModel> models;  ///< the trained one first

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("kind", kind);
    v("true_entropy_nats", true_entropy_nats, allow_nonfinite());
    v("true_entropy_low", true_entropy_low, allow_nonfinite());
    v("true_entropy_high", true_entropy_high, allow_nonfinite());
    v("text_nats", text_nats, allow_nonfinite());
    v("symbols", symbols);
    v("scored_symbols", scored_symbols);
    v("report", report);
    v("models", models);
  }
};

struct EntropyLab {
  static constexpr std::int64_t kVersion = 1;

  std::int64_t version = kVersion;
  std::string name;
  std::int64_t context = 0;  ///< symbols that a window holds
  std::int64_t stride = 0;   ///< symbols from one window to the next; so much of its end is scored
  double confidence = 0.95;  ///< of the intervals
  std::vector<EntropySourceResult> sources;
  std::vector<Chart> charts;
  std::vector<std::string> notices;
  ReportProvenance provenance;

  template <class V>
  void visit(V& v) {
    v("version", version, one_of(kVersion));
    v("name", name);
    v("context", context);
    v("stride", stride);
    v("confidence", confidence);
    v("sources", sources);
    v("charts", charts);
    v("notices", notices);
    v("provenance", provenance);
  }
};

/// The source as a model that predicts by the window alone, as the others do: the best there is. Symbols are tokens of
/// one byte; the source must outlive it. Error (input) where the ids are no text of the source.
EvaluatedModel source_model(const SymbolSource& source, const Tokenizer& tokenizer);

/// Scores the models, the trained one first, on the windows beside the source. Fills what comes of that; names, sizes
/// and the text are the caller's. Errors: those of evaluate().
EntropySourceResult measure_source(const SymbolSource& source, const EntropyBounds& entropy, const Tokenizer& tokenizer,
                                   std::span<const EvaluatedModel> models, std::span<const Window> windows,
                                   const BootstrapOptions& bootstrap, const EvaluateOptions& options,
                                   ProgressSink& progress);

/// The chart of all sources, into folder/charts. Without gnuplot there is a notice instead.
void draw_entropy_lab(EntropyLab& lab, const std::filesystem::path& folder);

/// Writes entropy.json, entropy.md and entropy.html, all rendered before the first is written.
void write_entropy_lab(const std::filesystem::path& folder, const EntropyLab& lab);

/// The parts of write_entropy_lab, and the table for a terminal.
std::string entropy_lab_markdown(const EntropyLab& lab);
std::string entropy_lab_html(const EntropyLab& lab, const std::filesystem::path& folder);
std::string entropy_lab_table(const EntropyLab& lab);

}  // namespace octet
