// Times every step of the ladders of this folder on a GPU, and the kernels that Octet uses. Without a GPU it says so
// and returns 4.
//
//     build/release/gpu_ladder

#include "bench/ladder/cuda/gpu_ladder.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "bench/gpu.h"
#include "bench/ladder/cuda/samples.h"
#include "bench/options.h"
#include "eval/speed/device_limits.h"
#include "tensor/backend.h"
#include "tensor/cuda/gemm/products.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/replay.h"

namespace octet::cuda::ladder {
namespace {

struct Sizes {
  std::int64_t n = 8192, k = 8192, heads = 16, time = 2048, cold_mib = 1024;
};

/// Seconds of `run`, recorded as a graph: started one by one, short kernels would wait for the host.
double recorded_seconds(const std::function<void()>& run) {
  const Replay replay(DeviceKind::cuda, run);
  return bench::median_seconds([&] { replay.run(); });
}

void print_row(const char* step, double seconds, double before, const std::string& rate, double share) {
  fmt::print("| {} | {:.1f} | {} | {} | {:.1f} % |\n", step, 1e6 * seconds,
             before > 0 ? fmt::format("{:.1f}x", before / seconds) : "", rate, 100 * share);
}

/// Each step reads several copies of w in turn, which no cache holds together.
void print_vectors(const Sizes& sizes) {
  const double copy =
      bench::measure_copy(std::max<std::int64_t>(sizes.cold_mib, 1) << 20)["read_and_written_gb_per_second"]
          .get<double>();
  const VectorSample sample(sizes.n, sizes.k);
  const std::int64_t copies = std::max<std::int64_t>(1, (sizes.cold_mib << 20) / (sizes.n * sizes.k));
  std::vector<Tensor> weights;
  for (std::int64_t i = 0; i < copies; ++i) {
    weights.push_back(sample.w.clone());
  }
  const auto seconds_of_one = [&](const std::function<void(const Tensor& w)>& multiply) {
    return recorded_seconds([&] {
             for (const Tensor& w : weights) {
               multiply(w);
             }
           }) /
           static_cast<double>(copies);
  };
  fmt::print("int8 matrix ({}, {}) times a vector. A copy reads and writes {:.0f} GB/s.\n\n", sizes.n, sizes.k, copy);
  fmt::print("| step | microseconds | gain | GB/s of w | of a copy |\n|---|---|---|---|---|\n");
  double before = 0;
  const auto add = [&](const char* name, double seconds) {
    const double rate = 1e-9 * static_cast<double>(sizes.n * sizes.k) / seconds;
    print_row(name, seconds, before, fmt::format("{:.0f}", rate), rate / copy);
    before = seconds;
  };
  for (const VectorStep& step : kVectorSteps) {
    add(step.name, seconds_of_one([&](const Tensor& w) {
          VectorArgs args = sample.args();
          args.w = w.data<std::int8_t>();
          step.run(args);
        }));
  }
  add("production", seconds_of_one([&](const Tensor& w) { sample.run_production(w); }));
}

void print_attention(const Sizes& sizes) {
  const AttentionSample sample(sizes.heads, sizes.time);
  const double operations =
      4.0 * kHeadDim * static_cast<double>(sizes.heads) * (0.5 * static_cast<double>(sizes.time * (sizes.time + 1)));
  const double fp32 = device_peak_fp32_gflops(DeviceKind::cuda);
  set_math_mode(MathMode::tf32);
  const double tf32 = device_peak_fp32_gflops(DeviceKind::cuda);
  set_math_mode(MathMode::fp32);
  fmt::print("\nCausal attention, {} heads, T {}, D {}. Peak {:.0f} GFLOP/s of FP32, {:.0f} of TF32, measured.\n\n",
             sizes.heads, sizes.time, kHeadDim, fp32, tf32);
  fmt::print("| step | microseconds | gain | GFLOP/s | of peak |\n|---|---|---|---|---|\n");
  double before = 0;
  const auto add = [&](const char* name, double peak, const std::function<void()>& run) {
    const double seconds = recorded_seconds(run), rate = 1e-9 * operations / seconds;
    print_row(name, seconds, before, fmt::format("{:.0f}", rate), rate / peak);
    before = seconds;
  };
  for (const AttentionStep& step : kAttentionSteps) {
    add(step.name, fp32, [&] { step.run(sample.args()); });
  }
  add("production, FP32", fp32, [&] { sample.run_production(); });
  set_math_mode(MathMode::tf32);
  add("production, TF32 on tensor cores", tf32, [&] { sample.run_production(); });
  set_math_mode(MathMode::fp32);
}

int run(int argc, char** argv) {
  Sizes sizes;
  bench::Options options("gpu_ladder", "Kernels for a GPU, from the plain one to the one that Octet uses");
  options.add_positive("--n", sizes.n, "rows of w, a multiple of 16");
  options.add_positive("--k", sizes.k, "columns, a multiple of 2048");
  options.add_positive("--heads", sizes.heads, "of attention");
  options.add_positive("--time", sizes.time, "T, a multiple of 64");
  options.add("--cold-mib", sizes.cold_mib, "of w, read in turn");
  if (const auto code = options.parse(argc, argv)) {
    return *code;
  }
  if (sizes.n % 16 != 0 || sizes.k % 2048 != 0 || sizes.time % 64 != 0) {
    fail(ErrorKind::config, "--n, --k, --time: expected multiples of 16, 2048 and 64, got {}, {} and {}", sizes.n,
         sizes.k, sizes.time);
  }
  if (!device().available) {
    fail(ErrorKind::capability, "gpu_ladder: {}", device().reason);
  }
  fmt::print("{}, {}\n\n", device().name, device().versions);
  bench::warm_up_gpu();
  print_vectors(sizes);
  print_attention(sizes);
  return 0;
}

}  // namespace
}  // namespace octet::cuda::ladder

int main(int argc, char** argv) {
  try {
    return octet::cuda::ladder::run(argc, argv);
  } catch (const octet::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return error.exit_code();
  }
}
