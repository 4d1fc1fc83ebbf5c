// Google Benchmark of every kernel on the layers of two models:
//
//     build/release/kernels_benchmark --benchmark_filter='int8/llama-97m/.*/512/'
//     build/release/kernels_benchmark --benchmark_filter='/1/cold'
//
// Names are KIND/MODEL/LAYER/ROWS; `cold` products take weights that are in no cache. For a table of ratios that were
// measured side by side use kernel_table.

#include <benchmark/benchmark.h>

#include "bench/products.h"

namespace octet::bench {
namespace {

void time_product(benchmark::State& state, ProductKind kind, const LayerShape& shape, std::int64_t m, bool cold) {
  const std::int64_t copies = cold ? copies_of(kind, shape, cold_bytes()) : 1;
  const std::optional<Product> product = make_product(kind, shape, m, copies);
  if (!product) {
    state.SkipWithError("not in this build");
    return;
  }
  product->run();
  for (auto _ : state) {
    product->run();
  }
  const auto rate = [](double amount) {
    return benchmark::Counter(amount / 1e9, benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["GOP/s"] = rate(product->operations);
  state.counters["GB/s"] = rate(product->weight_bytes);
}

void register_all() {
  for (const auto& [kind, kind_name] : enum_names<ProductKind>) {
    for (const LayerShape& shape : layer_shapes()) {
      for (const std::int64_t m : kRowCounts) {
        for (const bool cold : {false, true}) {
          if (cold && m > 1) {
            continue;  // with more rows arithmetic takes longer than reading
          }
          const std::string name = fmt::format("{}/{}/{}{}", kind_name, shape.name(), m, cold ? "/cold" : "");
          benchmark::RegisterBenchmark(name.c_str(), time_product, kind, shape, m, cold)->UseRealTime();
        }
      }
    }
  }
}

}  // namespace
}  // namespace octet::bench

int main(int argc, char** argv) {
  octet::bench::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
