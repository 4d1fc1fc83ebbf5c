#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "eval/charts/charts.h"
#include "eval/score/interval.h"

namespace octet {

// The report of a run. These structs are report.json: every visit() lists the keys in their order, and names,
// units and meaning are stable because scripts read them. A number that was not measured is NaN here and null
// there; shares and relative changes are plain ratios (0.01 = 1 %).

/// Marks a key that older report.json lack: reading keeps the default there.
struct AddedLater {};

struct ReportCorpus {
  std::string name;
  std::string sha256;  ///< of the whole text before it is split
  std::int64_t train_bytes = 0, calibration_bytes = 0, test_bytes = 0;
  std::int64_t test_bytes_seen = 0;  ///< in passages that the training part has too (text/seen_text.h)
  std::int64_t tokens_tested = 0;
  double bytes_per_token = kNotMeasured;

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("sha256", sha256);
    v("train_bytes", train_bytes);
    v("calibration_bytes", calibration_bytes);
    v("test_bytes", test_bytes);
    v("test_bytes_seen", test_bytes_seen, AddedLater{});
    v("tokens_tested", tokens_tested);
    v("bytes_per_token", bytes_per_token);
  }
};

struct ReportMachine {
  std::string cpu, isa;
  std::int64_t threads = 0;
  std::string gpu;  ///< empty: none was used
  std::string backend, blas;

  template <class V>
  void visit(V& v) {
    v("cpu", cpu);
    v("isa", isa);
    v("threads", threads);
    v("gpu", gpu);
    v("backend", backend);
    v("blas", blas);
  }
};

struct ReportProtocol {
  std::int64_t context = 0;        ///< tokens a window holds
  std::int64_t stride = 0;         ///< tokens from one window to the next
  std::int64_t scored_tokens = 0;  ///< tokens whose loss counts
  std::int64_t windows = 0;
  std::int64_t bootstrap_samples = 0;
  double confidence = 0.95;  ///< of all intervals

  template <class V>
  void visit(V& v) {
    v("context", context);
    v("stride", stride);
    v("scored_tokens", scored_tokens);
    v("windows", windows);
    v("bootstrap_samples", bootstrap_samples);
    v("confidence", confidence, AddedLater{});
  }
};

/// KL(FP32 || model) over the scored tokens, in nats.
struct ReportDivergence {
  double mean = kNotMeasured, p99 = kNotMeasured, max = kNotMeasured;

  template <class V>
  void visit(V& v) {
    v("mean", mean);
    v("p99", p99);
    v("max", max);
  }
};

/// Where the bytes of a model file go.
struct ReportSize {
  std::int64_t codes = 0, scales = 0, embeddings = 0, unquantized = 0;

  template <class V>
  void visit(V& v) {
    v("codes", codes);
    v("scales", scales);
    v("embeddings", embeddings);
    v("unquantized", unquantized);
  }
};

/// One tensor of a quantized model; `reason` says why one was left in floating point, and is empty otherwise.
struct ReportTensor {
  std::string name, scheme, reason;
  std::int64_t values = 0, bytes = 0;

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("scheme", scheme);
    v("reason", reason);
    v("values", values);
    v("bytes", bytes);
  }
};

/// What quantization did to one layer: the error of its weights, and, where it was measured, how much the
/// loss (nats per token) rises when this layer alone is quantized.
struct ReportLayerError {
  std::string layer;
  double mse = kNotMeasured, snr_db = kNotMeasured, max_error = kNotMeasured, delta_nll = kNotMeasured;

  template <class V>
  void visit(V& v) {
    v("layer", layer);
    v("mse", mse);
    v("snr_db", snr_db);
    v("max_error", max_error);
    v("delta_nll", delta_nll);
  }
};

struct ReportModel {
  std::string name;
  std::string description;  ///< what the recipe does, in a sentence
  double bits_per_weight = kNotMeasured;
  std::int64_t file_bytes = 0;
  double size_ratio = kNotMeasured;  ///< file_bytes relative to FP32
  double nll = kNotMeasured;         ///< mean negative log likelihood, nats per token
  double perplexity = kNotMeasured;
  double bits_per_byte = kNotMeasured;
  double accuracy = kNotMeasured;  ///< share of tokens that the model's first choice predicts
  Interval delta_nll;              ///< paired against fp32, bootstrap over windows, of protocol.confidence
  Interval ppl_increase;           ///< relative
  ReportDivergence kl_divergence;
  double top1_agreement = kNotMeasured;  ///< share of tokens where the first choice is FP32's
  double prefill_tokens_per_s = kNotMeasured, decode_tokens_per_s = kNotMeasured;
  double prefill_speedup = kNotMeasured, decode_speedup = kNotMeasured;  ///< relative to FP32
  std::string sample;                                                    ///< what it wrote after Report::prompt
  ReportSize size;
  std::vector<ReportTensor> coverage;
  std::vector<ReportLayerError> layer_errors;
  std::string weights_sha256;  ///< of its model.safetensors: the report is drawn again from these weights alone

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("description", description);
    v("bits_per_weight", bits_per_weight);
    v("file_bytes", file_bytes);
    v("size_ratio", size_ratio);
    v("nll", nll);
    v("perplexity", perplexity);
    v("bits_per_byte", bits_per_byte);
    v("accuracy", accuracy);
    v("delta_nll", delta_nll);
    v("ppl_increase", ppl_increase);
    v("kl_divergence", kl_divergence);
    v("top1_agreement", top1_agreement);
    v("prefill_tokens_per_s", prefill_tokens_per_s);
    v("decode_tokens_per_s", decode_tokens_per_s);
    v("prefill_speedup", prefill_speedup);
    v("decode_speedup", decode_speedup);
    v("sample", sample);
    v("size", size);
    v("coverage", coverage);
    v("layer_errors", layer_errors);
    v("weights_sha256", weights_sha256, AddedLater{});
  }
};

/// Zero steps: the model was not trained in this run.
struct ReportTraining {
  std::int64_t parameters = 0;
  std::int64_t steps = 0, tokens = 0;
  double seconds = kNotMeasured, tokens_per_s = kNotMeasured;
  double bits_per_byte = kNotMeasured;       ///< on held-out text at the end
  double share_of_fp32_peak = kNotMeasured;  ///< of what the machine multiplies and adds in registers; 6 N + attention

  template <class V>
  void visit(V& v) {
    v("parameters", parameters);
    v("steps", steps);
    v("tokens", tokens);
    v("seconds", seconds);
    v("tokens_per_s", tokens_per_s);
    v("bits_per_byte", bits_per_byte);
    v("share_of_fp32_peak", share_of_fp32_peak);
  }
};

/// Outliers among one layer's weights or activations, by the two rules of Report.
struct ReportOutliers {
  std::string layer;
  std::string kind;  ///< "weights" or "activations"
  double std = kNotMeasured, max_abs = kNotMeasured, max_over_std = kNotMeasured;
  double share_sigma = kNotMeasured, share_absolute = kNotMeasured;

  template <class V>
  void visit(V& v) {
    v("layer", layer);
    v("kind", kind);
    v("std", std);
    v("max_abs", max_abs);
    v("max_over_std", max_over_std);
    v("share_sigma", share_sigma);
    v("share_absolute", share_absolute);
  }
};

/// Where the numbers come from.
struct ReportProvenance {
  std::string octet_version, command, config, created;

  template <class V>
  void visit(V& v) {
    v("octet_version", octet_version);
    v("command", command);
    v("config", config);
    v("created", created);
  }
};

/// What one model wrote after a prompt.
struct ReportContinuation {
  std::string model, text;

  template <class V>
  void visit(V& v) {
    v("model", model);
    v("text", text);
  }
};

/// What all models wrote after one prompt, in the order of the models.
struct ReportSample {
  std::string prompt;
  std::vector<ReportContinuation> texts;

  template <class V>
  void visit(V& v) {
    v("prompt", prompt);
    v("texts", texts);
  }
};

struct Report {
  static constexpr std::int64_t kVersion = 1;

  std::int64_t version = kVersion;
  std::string name;
  ReportCorpus corpus;
  ReportMachine machine;
  ReportProtocol protocol;
  std::vector<ReportModel> models;  ///< the first is the baseline, fp32
  ReportTraining training;
  double sigma_threshold = 6, absolute_threshold = 6;
  std::vector<ReportOutliers> outliers;
  std::string prompt;                 ///< of models[].sample, the first of `samples`
  std::uint64_t seed = 0;             ///< of the text samples
  std::vector<ReportSample> samples;  ///< of every prompt
  std::vector<Chart> charts;          ///< pictures in charts/ beside the report
  std::vector<std::string> notices;   ///< "charts left out: gnuplot is not installed"
  ReportProvenance provenance;

  template <class V>
  void visit(V& v) {
    v("version", version);
    v("name", name);
    v("corpus", corpus);
    v("machine", machine);
    v("protocol", protocol);
    v("models", models);
    v("training", training);
    v("sigma_threshold", sigma_threshold);
    v("absolute_threshold", absolute_threshold);
    v("outliers", outliers);
    v("prompt", prompt);
    v("seed", seed);
    v("samples", samples, AddedLater{});
    v("charts", charts);
    v("notices", notices);
    v("provenance", provenance);
  }
};

/// Writes report.json, report.md and report.html into `folder`, each whole or not at all, all rendered before
/// the first is written. Pictures are taken from folder/charts/NAME.svg; one that is missing is left out and
/// said so. Errors: run where the folder cannot be written.
void write_report(const std::filesystem::path& folder, const Report& report);

/// Errors: input for a file that is missing, no JSON, of another version, or has a key missing, unknown or of the
/// wrong type; the message names file and key.
Report read_report(const std::filesystem::path& path);

/// The headline table for a terminal, at most about 115 columns wide.
std::string report_table(const Report& report);

/// The parts of write_report. `folder` is where the pictures are.
std::string report_to_json(const Report& report);
Report report_from_json(const std::string& text, const std::string& file_name);
std::string report_to_markdown(const Report& report);
std::string report_to_html(const Report& report, const std::filesystem::path& folder);

}  // namespace octet
