// What a step of training takes on the GPU, as one JSON document: a model of the shape of GPT-2 124M on random tokens,
// with the products in FP32, TF32 and BF16. Without a GPU it says so and returns 4; where the batch does not fit the
// memory, it says that and returns 1.
//
//     build/release/gpu_training --batch 32 > gpu_training.json

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "bench/gpu.h"
#include "eval/speed/bench_shapes.h"
#include "eval/speed/interleave.h"
#include "nn/cost.h"
#include "nn/initialize.h"
#include "tensor/autograd/node.h"
#include "tensor/cuda/products.h"
#include "tensor/cuda/runtime.h"
#include "tensor/machine_limits.h"
#include "train/optim/gradient_clip.h"
#include "train/training_step.h"

namespace octet::bench {
namespace {

using cuda::MathMode;
using nlohmann::ordered_json;

struct Arguments {
  // Of GPT-2 but for the vocabulary, 50257 rounded up to a multiple of 64, as is usual: rows of logits begin at
  // addresses that tensor cores like.
  std::string shape =
      "architecture=gpt2,vocabulary=50304,context=1024,width=768,layers=12,heads=12,hidden=3072,tied_head=true";
  std::int64_t batch = 32;
  std::int64_t steps = 8;
};

Batch random_batch(const GptConfig& model, std::int64_t rows) {
  const Random random(1, hash_name("tokens"));
  const auto count = static_cast<std::size_t>(rows * model.context);
  std::vector<std::int32_t> tokens(count + 1);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = static_cast<std::int32_t>(random.below(i, static_cast<std::uint64_t>(model.vocabulary)));
  }
  Batch batch{.inputs = {tokens.begin(), tokens.end() - 1}, .targets = {tokens.begin() + 1, tokens.end()}};
  batch.rows = rows;
  batch.context = model.context;
  return batch;
}

/// A model with its optimizer, and how to train it.
struct Training {
  Training(const GptConfig& config, const Arguments& arguments) : model(config) {
    train.batch = arguments.batch;
    train.optimizer.kind = OptimizerKind::adamw;
    initialize(model, train.seed);
    model.to(DeviceKind::cuda);
    optimizer = make_optimizer(model, train.optimizer);
  }

  Gpt model;
  TrainConfig train;
  std::unique_ptr<Optimizer> optimizer;
};

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Steps {
  double seconds = 0;  // of one, the median
  double first_loss = 0, last_loss = 0;
};

Steps time_steps(Training& training, const Batch& batch, std::int64_t count) {
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
    steps.first_loss = index == 0 ? result.loss : steps.first_loss;
    steps.last_loss = result.loss;
  }
  steps.seconds = median_of(seconds);
  return steps;
}

/// The parts of a step, each waited for, so that together they take a little longer than the step.
ordered_json time_phases(Training& training, const Batch& batch, std::int64_t count) {
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

ordered_json measure_mode(const char* name, MathMode mode, const GptConfig& config, const Arguments& arguments) {
  cuda::set_math_mode(mode);
  const Batch batch = random_batch(config, arguments.batch);
  Training training(config, arguments);
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
          {"first_loss", steps.first_loss},
          {"last_loss", steps.last_loss}};
}

void measure(const Arguments& arguments, ordered_json& document) {
  const BenchShape shape = bench_shape(arguments.shape);
  warm_up_gpu();
  document["shape"] = arguments.shape;
  document["parameters"] = parameter_count(shape.config);
  document["batch"] = arguments.batch;
  document["context"] = shape.config.context;
  document["modes"] = ordered_json::array();
  document["modes"].push_back(measure_mode("tf32", MathMode::tf32, shape.config, arguments));
  document["modes"].push_back(measure_mode("fp32", MathMode::fp32, shape.config, arguments));
  document["modes"].push_back(measure_mode("bf16", MathMode::bf16, shape.config, arguments));
}

}  // namespace
}  // namespace octet::bench

int main(int argc, char** argv) {
  octet::bench::Arguments arguments;
  CLI::App app{"Training steps on the GPU", "gpu_training"};
  app.add_option("--shape", arguments.shape, "settings of a model")->capture_default_str();
  app.add_option("--batch", arguments.batch, "rows of a step")->capture_default_str();
  app.add_option("--steps", arguments.steps, "that are timed")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return octet::bench::run_on_gpu("gpu_training", [&](auto& document) { octet::bench::measure(arguments, document); });
}
