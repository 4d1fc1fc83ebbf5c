// Octet's products beside FP32 and oneDNN's int8, timed in turns in one process, as a Markdown table:
//
//     build/release/kernel_table
//     build/release/kernel_table --model llama-97m --rows 128,512

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/parallel.h"
#include "bench/options.h"
#include "bench/products.h"
#include "bench/warm_up.h"
#include "eval/speed/interleave.h"
#include "eval/speed/machine_limits.h"
#include "tensor/backend.h"

namespace octet::bench {
namespace {

struct Arguments {
  std::string model;
  std::vector<std::int64_t> rows = {std::begin(kRowCounts), std::end(kRowCounts)};
  std::int64_t rounds = 15;
  std::int64_t cold_mib = -1;  // -1: cold_bytes()
  int threads = 0;
};

/// A kind of product in one row of a table.
struct Measured {
  double seconds = NAN;
  double gops = NAN;
  double gbps = NAN;

  double times_as_fast_as(const Measured& other) const { return other.seconds / seconds; }
};

/// Jobs that are short beside the clock and the start of threads are run several times in a row.
std::int64_t repeats_of(const Product& product) {
  constexpr double kLongEnough = 1e-3;
  product.run();
  const double start = steady_seconds();
  product.run();
  const double once = std::max(steady_seconds() - start, 1e-7);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(kLongEnough / once), 1, 200);
}

/// The median of every kind, all in the same rounds; NaN where the kind is not in this build.
std::vector<Measured> measure(std::span<const ProductKind> kinds, const LayerShape& shape, std::int64_t m,
                              std::int64_t bytes, std::int64_t rounds) {
  std::vector<Measured> results(kinds.size());
  std::vector<Product> products;
  std::vector<double> repeats;
  std::vector<std::size_t> places;
  std::vector<std::function<void()>> jobs;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (auto product = make_product(kinds[i], shape, m, copies_of(kinds[i], shape, bytes))) {
      const std::int64_t times = repeats_of(*product);
      jobs.emplace_back([run = product->run, times] {
        for (std::int64_t t = 0; t < times; ++t) {
          run();
        }
      });
      products.push_back(*product);
      repeats.push_back(static_cast<double>(times));
      places.push_back(i);
    }
  }
  const std::vector<Timing> timings = time_interleaved(jobs, 1, rounds);
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    const double seconds = timings[job].median / repeats[job];
    results[places[job]] = {seconds, products[job].operations / seconds / 1e9,
                            products[job].weight_bytes / seconds / 1e9};
  }
  return results;
}

std::vector<LayerShape> shapes_of(const std::string& model) {
  std::vector<LayerShape> shapes;
  for (const LayerShape& shape : layer_shapes()) {
    if (model.empty() || shape.model == model) {
      shapes.push_back(shape);
    }
  }
  if (shapes.empty()) {
    fail(ErrorKind::config, "--model: expected llama-31m or llama-97m, got \"{}\"", model);
  }
  return shapes;
}

std::string share(double value, double limit) {
  return fmt::format("{:.0f} %", 100 * value / limit);
}

/// Products by the number of rows, with weights that the cache holds.
void print_products(const Arguments& arguments) {
  constexpr ProductKind kKinds[] = {ProductKind::fp32, ProductKind::onednn_int8, ProductKind::int8, ProductKind::int4};
  const double fp32_peak = measure_peak_fp32_gflops(), int8_peak = measure_peak_int8_gops();
  fmt::print("Weights in cache. Peaks: FP32 {:.0f} GFLOP/s, int8 {:.0f} GOP/s.\n\n", fp32_peak, int8_peak);
  fmt::print(
      "| W | N x K | M | FP32 GFLOP/s | of peak | oneDNN int8 GOP/s | int8 GOP/s | of peak | int8 / FP32 | "
      "int8 / oneDNN int8 | int4 GOP/s | int4 / FP32 |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const LayerShape& shape : shapes_of(arguments.model)) {
    for (const std::int64_t m : arguments.rows) {
      const auto r = measure(kKinds, shape, m, 0, arguments.rounds);
      const Measured &fp32 = r[0], &onednn = r[1], &int8 = r[2], &int4 = r[3];
      fmt::print("| {} | {} x {} | {} | {:.0f} | {} | {:.0f} | {:.0f} | {} | {:.2f} | {:.2f} | {:.0f} | {:.2f} |\n",
                 shape.name(), shape.n, shape.k, m, fp32.gops, share(fp32.gops, fp32_peak), onednn.gops, int8.gops,
                 share(int8.gops, int8_peak), int8.times_as_fast_as(fp32), int8.times_as_fast_as(onednn), int4.gops,
                 int4.times_as_fast_as(fp32));
      std::fflush(stdout);
    }
  }
}

/// Matrix times vector, with weights that no cache holds: what a token that is generated costs.
void print_cold_vectors(const Arguments& arguments) {
  constexpr ProductKind kKinds[] = {ProductKind::fp32, ProductKind::onednn_int8,      ProductKind::int8,
                                    ProductKind::int4, ProductKind::int8_weight_only, ProductKind::int4_weight_only};
  const std::int64_t bytes = arguments.cold_mib < 0 ? cold_bytes() : arguments.cold_mib << 20;
  const double limit = measure_read_gbps(bytes);
  fmt::print("\nOne row, weights out of cache ({} MiB in turn). Reading: {:.1f} GB/s.\n\n", bytes >> 20, limit);
  fmt::print("| W | N x K | FP32 GB/s |");
  for (std::size_t i = 1; i < std::size(kKinds); ++i) {
    fmt::print(" {} GB/s | of reading | / FP32 |", enum_name(kKinds[i]));
  }
  fmt::print("\n|---|---|---|{}\n", fmt::join(std::vector<std::string>(std::size(kKinds) - 1, "---|---|---|"), ""));
  for (const LayerShape& shape : shapes_of(arguments.model)) {
    const auto r = measure(kKinds, shape, 1, bytes, arguments.rounds);
    fmt::print("| {} | {} x {} | {:.1f} |", shape.name(), shape.n, shape.k, r[0].gbps);
    for (std::size_t i = 1; i < r.size(); ++i) {
      fmt::print(" {:.1f} | {} | {:.2f} |", r[i].gbps, share(r[i].gbps, limit), r[i].times_as_fast_as(r[0]));
    }
    fmt::print("\n");
    std::fflush(stdout);
  }
}

int run(int argc, char** argv) {
  Arguments arguments;
  Options options("kernel_table", "Octet's products beside FP32 and oneDNN's int8");
  options.add("--model", arguments.model, "llama-31m or llama-97m; none: both");
  options.add("--rows", arguments.rows, "rows of activations");
  options.add("--rounds", arguments.rounds, "of which the median counts");
  options.add("--threads", arguments.threads, "0: all processors");
  options.add("--cold-mib", arguments.cold_mib, "weights for products out of cache; -1: 1.5 times the cache, 0: none");
  if (const auto code = options.parse(argc, argv)) {
    return *code;
  }
  if (arguments.threads > 0) {
    set_thread_count(arguments.threads);
  }
  fmt::print("{} ({}), {} threads, FP32 by {}. Median of {} rounds, all kinds in turn.\n\n", active_backend().name,
             active_backend().description, thread_count(), fp32_library(), arguments.rounds);
  if (arguments.rounds > 1) {
    warm_up();
  }
  if (!arguments.rows.empty()) {
    print_products(arguments);
  }
  if (arguments.cold_mib != 0) {
    print_cold_vectors(arguments);
  }
  return 0;
}

}  // namespace
}  // namespace octet::bench

int main(int argc, char** argv) {
  try {
    return octet::bench::run(argc, argv);
  } catch (const octet::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return error.exit_code();
  }
}
