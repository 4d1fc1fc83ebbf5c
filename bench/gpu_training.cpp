// What a step of training takes on the GPU, as one JSON document: a model of the shape of GPT-2 124M on random tokens,
// with the products in FP32, TF32 and BF16. Without a GPU it says so and returns 4; where the batch does not fit the
// memory, it says that and returns 1.
//
//     build/release/gpu_training --batch 32 --out gpu_training.json

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "bench/gpu.h"
#include "bench/options.h"
#include "bench/training_work.h"
#include "eval/speed/bench_shapes.h"
#include "eval/speed/interleave.h"
#include "eval/speed/machine_limits.h"
#include "nn/cost.h"
#include "tensor/autograd/node.h"
#include "tensor/cuda/runtime/runtime.h"
#include "train/optim/gradient_clip.h"
#include "train/training_step.h"

namespace octet::bench {
namespace {

using nlohmann::ordered_json;

struct Arguments {
  std::string shape = kGpt2Shape;
  std::vector<std::string> modes = {"tf32", "fp32", "bf16"};
  std::int64_t batch = 32;
  std::int64_t steps = 8;
  std::string file;
};

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Steps {
  double seconds = 0;  // of one, the median
  std::vector<double> losses;
};

Steps time_steps(TrainingWork& training, const Batch& batch, std::int64_t count) {
  constexpr std::int64_t kUntimed = 3;
  std::vector<double> seconds;
  Steps steps;
  for (std::int64_t index = 0; index < kUntimed + count; ++index) {
    const double start = steady_seconds();
    const StepResult result = training_step(training.model, *training.optimizer, training.train, batch, index);
    cuda::synchronize();
    if (index >= kUntimed) {
      seconds.push_back(steady_seconds() - start);
    }
    steps.losses.push_back(result.loss);
  }
  steps.seconds = median_of(seconds);
  return steps;
}

/// The parts of a step, each waited for, so that together they take a little longer than the step.
ordered_json time_phases(TrainingWork& training, const Batch& batch, std::int64_t count) {
  std::vector<double> forward, backward_pass, update;
  const Tensor inputs = Tensor::from(batch.inputs, {batch.rows, batch.context});
  const Tensor targets = Tensor::from(batch.targets, {batch.rows, batch.context});
  for (std::int64_t index = 0; index < count; ++index) {
    const auto timed = [](std::vector<double>& seconds, const auto& phase) {
      const double start = steady_seconds();
      phase();
      cuda::synchronize();
      seconds.push_back(steady_seconds() - start);
    };
    training.model.clear_gradients();
    Tensor loss;
    timed(forward, [&] { loss = training.model.loss(inputs, targets, {.training = true}); });
    timed(backward_pass, [&] { backward(loss); });
    timed(update, [&] {
      const double norm = gradient_norm(training.model.parameters());
      training.optimizer->step({.index = index,
                                .learning_rate_factor = 1.0,
                                .gradient_scale = clip_scale(norm, training.train.gradient_clip)});
    });
  }
  return {{"forward_seconds", median_of(forward)},
          {"backward_seconds", median_of(backward_pass)},
          {"optimizer_seconds", median_of(update)}};
}

ordered_json measure_mode(const std::string& name, const GptConfig& config, const Arguments& arguments) {
  cuda::set_math_mode(math_mode_named(name));
  const Batch batch = random_batch(config, arguments.batch);
  TrainingWork training(config, arguments.batch);
  const Steps steps = time_steps(training, batch, arguments.steps);
  const ordered_json phases = time_phases(training, batch, std::max<std::int64_t>(1, arguments.steps / 2));
  const double memory = static_cast<double>(cuda::device().memory_bytes - cuda::free_memory());
  const double tokens_per_second = static_cast<double>(batch.rows * batch.context) / steps.seconds;
  const double flops = tokens_per_second * training_flops_per_token(config, config.context);
  const double peak = 1e9 * measure_peak_fp32_gflops(DeviceKind::cuda);
  return {{"math", name},
          {"step_seconds", steps.seconds},
          {"tokens_per_second", tokens_per_second},
          {"tera_flops_per_second", 1e-12 * flops},
          {"measured_peak_tera_flops_per_second", 1e-12 * peak},
          {"share_of_peak", flops / peak},
          {"phases", phases},
          {"device_memory_gib", memory / (1 << 30)},
          {"losses", steps.losses}};
}

void measure(const Arguments& arguments, GpuDocument& document) {
  GptConfig config;
  document.section("shape", [&](ordered_json& results) {
    config = bench_shape(arguments.shape).config;
    results["shape"] = arguments.shape;
    results["parameters"] = parameter_count(config);
    results["batch"] = arguments.batch;
    results["context"] = config.context;
    warm_up_gpu();
  });
  for (const std::string& mode : arguments.modes) {
    document.section(mode,
                     [&](ordered_json& results) { results["modes"].push_back(measure_mode(mode, config, arguments)); });
  }
}

}  // namespace
}  // namespace octet::bench

int main(int argc, char** argv) {
  octet::bench::Arguments arguments;
  octet::bench::Options options("gpu_training", "Training steps on the GPU");
  options.add("--shape", arguments.shape, "settings of a model");
  options.add("--batch", arguments.batch, "rows of a step");
  options.add("--steps", arguments.steps, "that are timed");
  options.add("--modes", arguments.modes, "how FP32 products are computed");
  options.add("--out", arguments.file, "file of the results, instead of the standard output");
  if (const auto code = options.parse(argc, argv)) {
    return *code;
  }
  return octet::bench::run_on_gpu("gpu_training", arguments.file,
                                  [&](auto& document) { octet::bench::measure(arguments, document); });
}
