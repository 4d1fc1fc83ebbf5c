#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/progress.h"
#include "eval/experiments/outlier_lab.h"
#include "eval/score/interval.h"
#include "nn/gpt.h"

namespace octet {

/// One way to quantize the model, and what it cost there.
struct CheckRow {
  std::string scheme;
  std::string description;
  Interval ppl_increase;               ///< beside FP32, a plain ratio: 0.01 is 1 %
  std::int64_t bytes = 0;              ///< of all tensors of the model; 0 where that is not the question
  double microseconds = kNotMeasured;  ///< of the product of `timed_layer`

  template <class V>
  void visit(V& v) {
    v("scheme", scheme);
    v("description", description);
    v("ppl_increase", ppl_increase);
    v("bytes", bytes);
    v("microseconds", microseconds, allow_nonfinite());
  }
};

/// A question, and what was measured to answer it.
struct Check {
  std::string name;  ///< "symmetric", "static", "outliers", "embedding"
  std::string question;
  std::string answer;  ///< sentences made of the numbers of `rows`
  std::vector<CheckRow> rows;

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("question", question);
    v("answer", answer);
    v("rows", rows);
  }
};

/// Four questions that everybody asks about quantization, answered on one model.
struct ModelChecks {
  double perplexity = kNotMeasured;  ///< of FP32
  std::int64_t windows = 0, tokens = 0;
  double confidence = kNotMeasured;  ///< of the intervals
  std::string timed_layer;           ///< the largest one, on kTimedRows inputs
  std::vector<Check> checks;

  static constexpr std::int64_t kTimedRows = 256;

  template <class V>
  void visit(V& v) {
    v("perplexity", perplexity, allow_nonfinite());
    v("windows", windows);
    v("tokens", tokens);
    v("confidence", confidence, allow_nonfinite());
    v("timed_layer", timed_layer);
    v("checks", checks);
  }
};

/// Quantizes copies of an FP32 model and scores them on at most kCheckedWindows of the windows:
///   symmetric   symmetric and asymmetric grids of inputs (static int8) and of weights (int4 groups)
///   static      static and dynamic scales of int8 inputs, with and without clipping
///   outliers    the same with outliers planted that leave the FP32 function as it is (eval/outliers/inject.h)
///   embedding   the token table, the output head, and both, in int8 and int4
/// Times are medians of interleaved repetitions on this machine. Errors: (config) as apply_recipe; (interrupted) after
/// Ctrl-C, by the sink.
ModelChecks check_model(Gpt& fp32, const OutlierLabText& text, ProgressSink& progress);
inline constexpr std::int64_t kCheckedWindows = 64;

/// For a terminal.
std::string checks_text(const ModelChecks& checks);

}  // namespace octet
