#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/score/interval.h"
#include "report/run/sections/section.h"

namespace octet {

struct Corpus;
struct TokenizedCorpus;

struct ReportCorpus {
  std::string name;
  std::string sha256;  ///< of the whole text before it is split
  std::int64_t train_bytes = 0, calibration_bytes = 0, test_bytes = 0;
  std::int64_t test_bytes_seen = 0;  ///< in passages that the training part has too (text/seen_text.h)
  std::int64_t tokens_tested = 0;
  double bytes_per_token = kNotMeasured;
  /// The model was trained on its training part. false: a given model, which may have read anything.
  bool trained_on = true;

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("sha256", sha256);
    v("train_bytes", train_bytes);
    v("calibration_bytes", calibration_bytes);
    v("test_bytes", test_bytes);
    v("test_bytes_seen", test_bytes_seen, optional_key());
    v("tokens_tested", tokens_tested);
    v("bytes_per_token", bytes_per_token, allow_nonfinite());
    v("trained_on", trained_on, optional_key());
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
    v("confidence", confidence, optional_key(), allow_nonfinite());
  }
};

/// Where the numbers come from.
struct ReportProvenance {
  std::string octet_version, commit, command, config, created;

  template <class V>
  void visit(V& v) {
    v("octet_version", octet_version);
    v("commit", commit, optional_key());
    v("command", command);
    v("config", config);
    v("created", created);
  }
};

ReportCorpus describe_corpus(const Corpus& corpus, const TokenizedCorpus& tokens);

/// A line on how the numbers were measured.
struct Fact {
  std::string name, value;
};
/// All of them but the configuration, which takes lines of its own.
std::vector<Fact> list_facts(const Report& report);

/// How it was measured: text, protocol, machine, training, version.
ReportSection facts_section();

}  // namespace octet
