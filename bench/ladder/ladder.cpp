// Checks every step of the ladder against the first one, by ==, and times them:
//
//     build/release/ladder
//     OCTET_BACKEND=cpu-avx2 build/release/ladder

#include "bench/ladder/ladder.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "base/parallel.h"
#include "base/random.h"
#include "bench/onednn_int8.h"
#include "bench/options.h"
#include "bench/warm_up.h"
#include "eval/speed/interleave.h"
#include "eval/speed/machine_limits.h"
#include "tensor/autograd/node.h"
#include "tensor/backend.h"
#include "tensor/ops/dynamic_linear.h"

namespace octet::ladder {
namespace {

struct Step {
  std::string name;
  int threads;
  std::function<void(const Args&)> run;
};

using Pack = void (*)(const Args&, std::uint8_t*);

/// The steps that this machine can take, and how the weights are packed for them.
std::pair<std::vector<Step>, Pack> steps_of_machine() {
  const int threads = thread_count();
  std::vector<Step> steps = {{"1 naive", 1, naive}, {"2 blocked", 1, blocked}};
  const auto add = [&](auto simd, auto packed, void (*register_blocked)(const Args&), auto threaded) {
    steps.insert(steps.end(), {{"3 SIMD", 1, simd},
                               {"4 packed", 1, packed},
                               {"5 register-blocked", 1, register_blocked},
                               {"6 threaded", threads, threaded}});
  };
  if (active_backend().name == "cpu-avx512vnni") {
    add(avx512vnni::simd, avx512vnni::packed, avx512vnni::register_blocked, avx512vnni::threaded);
    return {steps, avx512vnni::pack};
  }
  if (active_backend().name == "cpu-avx2") {
    add(avx2::simd, avx2::packed, avx2::register_blocked, avx2::threaded);
    return {steps, avx2::pack};
  }
  return {steps, nullptr};
}

/// Random codes, among them 127 and -127 in every row, so that the production kernel quantizes a row of codes to
/// itself.
std::vector<std::int8_t> random_codes(std::int64_t rows, std::int64_t columns, std::uint64_t stream) {
  std::vector<std::int8_t> codes;
  const Random random(1, stream);
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    codes.push_back(static_cast<std::int8_t>(static_cast<int>(random.below(static_cast<std::uint64_t>(i), 255)) - 127));
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    codes[static_cast<std::size_t>(row * columns)] = 127;
    codes[static_cast<std::size_t>(row * columns + columns - 1)] = -127;
  }
  return codes;
}

/// The operands of a product, and its result.
class Problem {
 public:
  Problem(std::int64_t m, std::int64_t n, std::int64_t k, Pack pack)
      : x_(random_codes(m, k, 1)),
        w_(random_codes(n, k, 2)),
        packed_(static_cast<std::size_t>(n * k)),
        x_scale_(static_cast<std::size_t>(m), 1.0F),
        w_scale_(static_cast<std::size_t>(n), 1.0F),
        y_(static_cast<std::size_t>(m * n)) {
    for (std::int64_t row = 0; row < m; ++row) {
      const auto first = x_.begin() + row * k;
      x_sum_.push_back(std::accumulate(first, first + k, 0));
    }
    args_ = {m, n, k, x_.data(), x_sum_.data(), x_scale_.data(), w_.data(), packed_.data(), w_scale_.data(), y_.data()};
    if (pack != nullptr) {
      pack(args_, packed_.data());
    }
  }

  const Args& args() const { return args_; }
  const std::vector<float>& y() const { return y_; }

  /// x and w for the production kernel. A row of codes with a maximum of 127 has the scale 1.
  Tensor float_x() const {
    Tensor x = Tensor::empty({args_.m, args_.k});
    std::copy(x_.begin(), x_.end(), x.data<float>());
    return x;
  }
  PackedWeight weight() const {
    const Codes codes{Tensor::from(w_, {args_.n, args_.k}), Tensor::from(w_scale_, {args_.n})};
    return {codes, PackedFormat::int8};
  }

 private:
  std::vector<std::int8_t> x_, w_;
  std::vector<std::uint8_t> packed_;
  std::vector<std::int32_t> x_sum_;
  std::vector<float> x_scale_, w_scale_, y_;
  Args args_{};
};

/// With scales of 1 the result is the sums, which FP32 holds exactly below 2^24.
void check_steps(const std::vector<Step>& steps, Problem& problem) {
  check(problem.args().k * 127 * 127 < 1 << 24, "[ladder] expected k of at most 1040 for exact comparison, got {}",
        problem.args().k);
  naive(problem.args());
  const std::vector<float> expected = problem.y();
  const auto check_equal = [&](const std::string& name, std::span<const float> y) {
    const auto at = std::mismatch(expected.begin(), expected.end(), y.begin()).first - expected.begin();
    check(at == static_cast<std::ptrdiff_t>(expected.size()),
          "[ladder] {}: expected the sum {} at row {}, column {}, got {}", name, expected[static_cast<std::size_t>(at)],
          at / problem.args().n, at % problem.args().n, y[static_cast<std::size_t>(at)]);
  };
  for (const Step& step : steps) {
    std::fill_n(problem.args().y, expected.size(), -1.0F);
    step.run(problem.args());
    check_equal(step.name, problem.y());
  }
  check_equal("production", dynamic_linear(problem.float_x(), problem.weight()).span<float>());
}

/// Seconds of each step, then of the production kernel and of oneDNN; NaN where that is not in this build.
std::vector<double> time_steps(const std::vector<Step>& steps, const Problem& problem, std::int64_t rounds) {
  const Args& args = problem.args();
  std::vector<std::function<void()>> jobs;
  for (const Step& step : steps) {
    jobs.emplace_back([&] { step.run(args); });
  }
  jobs.emplace_back([x = problem.float_x(), w = problem.weight()] { dynamic_linear(x, w); });
  const std::function<void()> onednn = bench::onednn_int8_product(args.m, args.n, args.k, 1);
  if (onednn) {
    jobs.push_back(onednn);
  }
  std::vector<double> seconds;
  for (const std::function<void()>& job : jobs) {
    // One after the other, not in turns: each is to find its weights in the cache, as when a layer is called for all
    // rows.
    const Timing timing = time_interleaved({&job, 1}, 2, rounds)[0];
    seconds.push_back(timing.median);
  }
  seconds.resize(steps.size() + 2, NAN);
  return seconds;
}

void print_table(std::vector<Step> steps, const std::vector<double>& many, const std::vector<double>& one,
                 const Args& args) {
  const double peak = measure_peak_int8_gops();
  steps.push_back({"production, rows quantized too", thread_count(), {}});
  steps.push_back({fmt::format("oneDNN {} int8", fp32_library().substr(7)), thread_count(), {}});
  fmt::print(
      "| step | threads | {0} rows, GOP/s | gain | of peak | 1 row, GOP/s | weights, GB/s |\n"
      "|---|---|---|---|---|---|---|\n",
      args.m);
  const auto bytes = static_cast<double>(args.n * args.k);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double gops = 2.0 * static_cast<double>(args.m) * bytes / many[i] / 1e9;
    const std::string gain = i == 0 || steps[i].run == nullptr ? "" : fmt::format("{:.1f}x", many[i - 1] / many[i]);
    fmt::print("| {} | {} | {:.1f} | {} | {:.1f} % | {:.1f} | {:.1f} |\n", steps[i].name, steps[i].threads, gops, gain,
               100 * gops / peak, 2.0 * bytes / one[i] / 1e9, bytes / one[i] / 1e9);
  }
  fmt::print("\nPeak with {} threads: {:.0f} GOP/s. y ({}, {}), K {}. {}.\n", thread_count(), peak, args.m, args.n,
             args.k, active_backend().description);
}

int run(int argc, char** argv) {
  std::int64_t m = 512, n = 768, k = 768, rounds = 9;
  bench::Options options("ladder", "The kernel ladder: every step checked and timed");
  options.add_positive("--m", m, "rows of x");
  options.add_positive("--n", n, "rows of w, a multiple of 64");
  options.add_positive("--k", k, "columns, a multiple of 64");
  options.add("--rounds", rounds, "of which the median counts; 0: only check");
  if (const auto code = options.parse(argc, argv)) {
    return *code;
  }
  if (n % 64 != 0 || k % 64 != 0) {
    fail(ErrorKind::config, "--n, --k: expected multiples of 64, got {} and {}", n, k);
  }
  const NoGrad no_grad;
  const auto [steps, pack] = steps_of_machine();
  Problem many(m, n, k, pack), one(1, n, k, pack);
  check_steps(steps, many);
  check_steps(steps, one);
  fmt::print("All sums of all steps are equal.\n\n");
  if (rounds > 0) {
    bench::warm_up();
    print_table(steps, time_steps(steps, many, rounds), time_steps(steps, one, 100 * rounds), many.args());
  }
  return 0;
}

}  // namespace
}  // namespace octet::ladder

int main(int argc, char** argv) {
  try {
    return octet::ladder::run(argc, argv);
  } catch (const octet::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return error.exit_code();
  }
}
