#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/run/sections/section.h"

namespace octet {

struct Coverage;
struct ReportModel;

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

/// What became of every tensor.
void put_coverage(ReportModel& model, const Coverage& coverage);

/// The tensors of a model that share scheme and reason, largest group first.
struct CoverageGroup {
  std::string scheme, reason;
  std::int64_t tensors = 0;
  double values = 0, bytes = 0;  ///< sums of absurd counts must not overflow
};
std::vector<CoverageGroup> group_coverage(const std::vector<ReportTensor>& coverage);
std::vector<CoverageGroup> group_coverage(const Coverage& coverage);

/// What was quantized in each model, and what not; with where the bytes went.
ReportSection coverage_section();

}  // namespace octet
