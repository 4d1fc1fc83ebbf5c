#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "eval/explain/facts.h"
#include "eval/explain/layer_sample.h"
#include "eval/explain/rules.h"

namespace octet {

/// Measures one layer: its inputs, and what each method makes of inputs and weights, predicted before it is measured.
LayerFacts explain_layer(const LayerSample& sample);

/// The layers in the order given, a few at a time in memory. `max_rows` inputs of each are looked at. Errors: those of
/// sample_layers; (interrupted) after Ctrl-C, by the sink.
std::vector<LayerFacts> explain_layers(Gpt& model, std::span<const std::string> layers, std::span<const Window> windows,
                                       std::int64_t max_rows, ProgressSink& progress);

/// A layer with what is to be said of it, as it stands in report.json and in what `octet explain --json` prints.
struct ExplainedLayer {
  LayerFacts facts;
  std::vector<LayerVerdict> verdicts;

  template <class V>
  void visit(V& v) {
    v("facts", facts);
    v("verdicts", verdicts);
  }
};

/// The tables of one layer and the verdicts on it (eval/explain/rules.h), for a terminal.
std::string explanation_text(const LayerFacts& facts);

/// A line for each layer, for a terminal.
std::string explanation_table(std::span<const LayerFacts> layers);

/// The last two parts of a dotted path: "mlp.down" of blocks.3.mlp.down.
std::string kind_of_layer(const std::string& layer);

/// Those that say most, in the order of the model: of each kind of layer ("mlp.down") the one whose inputs suffer most
/// under one static scale, and of these at most `count`.
std::vector<const LayerFacts*> most_telling(std::span<const LayerFacts> layers, std::size_t count);

}  // namespace octet
