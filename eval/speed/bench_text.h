#pragma once

#include <string>

#include "eval/speed/bench.h"

namespace octet {

/// A Markdown table in the form of llama-bench, with columns on what was moved, how fast, and how near to the limit.
std::string bench_table(const BenchReport& report);

/// {"machine": {...}, "rows": [...]}: the names of MachineLimits and BenchRow; what cannot be told is null.
std::string bench_json(const BenchReport& report);

}  // namespace octet
