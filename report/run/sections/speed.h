#pragma once

#include <string>

#include "eval/score/interval.h"
#include "report/run/sections/section.h"

namespace octet {

/// How near a task came to what the machine can do (eval/speed/bench_work.h).
struct ReportRoof {
  double operations_per_byte = kNotMeasured;  ///< that the task needs at least
  double gops = kNotMeasured;                 ///< 1e9 operations per second, as timed
  double share_of_limit = kNotMeasured;       ///< of the speed at the limit that it meets first
  std::string limit;                          ///< "read 33.6 GB/s", "int8 1504 GOP/s"

  template <class V>
  void visit(V& v) {
    v("operations_per_byte", operations_per_byte, allow_nonfinite());
    v("gops", gops, allow_nonfinite());
    v("share_of_limit", share_of_limit, allow_nonfinite());
    v("limit", limit);
  }
};
struct ReportRoofs {
  ReportRoof prefill, decode;

  template <class V>
  void visit(V& v) {
    v("prefill", prefill);
    v("decode", decode);
  }
};

/// Speeds and what limits them. Measures both, the limits of the machine in about a second. Draws prefill and decode
/// relative to FP32, and below the roofs of the machine.
ReportSection speed_section();

}  // namespace octet
