#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "eval/speed/bench_formats.h"
#include "eval/speed/bench_work.h"
#include "eval/speed/interleave.h"

namespace octet {

/// The tests of `octet bench`: every number of tokens with every batch, generation at every depth. 0 tokens: none.
struct BenchOptions {
  std::vector<std::int64_t> prompt = {128, 512};
  std::vector<std::int64_t> generate = {128};
  std::vector<std::int64_t> batch = {1};
  std::vector<std::int64_t> depth = {0};
  KvFormat kv = KvFormat::f32;  ///< of the cache in every test
  std::int64_t repetitions = 5;
};
std::vector<SpeedTask> bench_tasks(const BenchOptions& options);

/// A format in a test as it was timed.
struct BenchMeasurement {
  std::string format;
  SpeedTask task;
  std::int64_t bytes = 0;  ///< of all weights as stored
  BenchWork work;
  Timing timing;
  double baseline_seconds = 0;  ///< median of FP32 in the same rounds; 0: was not timed
};

/// The same in the units that people compare. What cannot be told is NaN.
struct BenchRow {
  std::string model;
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  std::string format;
  std::string test;
  double tokens_per_s = 0;      ///< median of the repetitions, all sequences together
  double tokens_per_s_std = 0;  ///< standard deviation between repetitions
  double speedup = 0;           ///< against FP32 in the same rounds
  double bytes_per_token = 0;   ///< that had to be moved: weights once a pass, keys and values
  double gbps = 0;              ///< the same per second
  double gops = 0;              ///< products per second, 2 operations each
  std::string limit;            ///< the measured limit that this test meets first: "read 33.6 GB/s"; "n/a"
  double share_of_limit = 0;    ///< time at the limit / time taken

  template <class V>
  void visit(V& v) {
    v("model", model);
    v("parameters", parameters);
    v("bytes", bytes);
    v("format", format);
    v("test", test);
    v("tokens_per_s", tokens_per_s);
    v("tokens_per_s_std", tokens_per_s_std);
    v("speedup", speedup);
    v("bytes_per_token", bytes_per_token);
    v("gbps", gbps);
    v("gops", gops);
    v("limit", limit);
    v("share_of_limit", share_of_limit);
  }
};
BenchRow bench_row(const std::string& model, std::int64_t parameters, const BenchMeasurement& measurement,
                   const BenchLimit& limit);

struct BenchReport {
  MachineLimits machine;
  std::vector<BenchRow> rows;

  template <class V>
  void visit(V& v) {
    v("machine", machine);
    v("rows", rows);
  }
};

/// Times the model and copies of it in each format on the device of the model, all formats in the same rounds of a
/// test, after some untimed passes. The machine's limits are measured before and after, and the higher ones count.
/// Bandwidth is measured for the bytes of each test (eval/speed/read_limits.h): weights that fit a cache have another
/// limit than those that do not. A format without recipe is the model as it is; others need an FP32 model. Formats that
/// do not fit the memory together are timed in turn, each time beside FP32. Progress is reported before each run, and
/// while models and caches are prepared; an exception of the sink stops it there. Errors: a recipe that does not apply;
/// a test beyond the context; (run) no formats.
BenchReport run_bench(const std::string& name, Gpt& model, std::span<const BenchFormat> formats,
                      const BenchOptions& options, ProgressSink& progress, const Clock& clock = steady_seconds);

/// Formats that are in memory together: as many as `free_bytes` hold with `bytes_each`, at least one beside those
/// without recipe, which are in every group.
std::vector<std::vector<BenchFormat>> bench_groups(std::span<const BenchFormat> formats, std::int64_t bytes_each,
                                                   std::int64_t free_bytes);

}  // namespace octet
