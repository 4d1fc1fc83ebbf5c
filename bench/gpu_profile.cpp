// One piece of work for a profiler to look into: a training step, a token or a prompt. Everything that happens only at
// first runs before, and the profiler is told where the work begins and ends. Without a GPU it says so and returns 4.
//
//     ncu --profile-from-start off --csv build/release/gpu_profile --work decode --format int8

#include <string>

#include <cuda_profiler_api.h>

#include "base/error.h"
#include "bench/gpu.h"
#include "bench/options.h"
#include "bench/training_work.h"
#include "eval/speed/bench_formats.h"
#include "eval/speed/bench_shapes.h"
#include "eval/speed/speed_task.h"
#include "nn/initialize.h"
#include "quant/apply_recipe.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet::bench {
namespace {

struct Arguments {
  std::string work = "training";
  std::string format = "fp32";
  std::string math = "fp32";
  std::int64_t batch = 8;
  /// As wide as a model of 1.2 billion parameters; more layers would repeat the same kernels, and a head of its own
  /// would be one more matrix to draw.
  std::string shape = "width=2048,layers=2,heads=16,hidden=5632,vocabulary=32768,tied_head=true";
};

/// What happens between two calls is profiled, where a profiler runs this program.
class ProfiledRange {
 public:
  ProfiledRange() {
    cuda::synchronize();
    cuda::check_launch("cudaProfilerStart", cudaProfilerStart());
  }
  ~ProfiledRange() { (void)cudaProfilerStop(); }
  ProfiledRange(const ProfiledRange&) = delete;
  ProfiledRange& operator=(const ProfiledRange&) = delete;
};

constexpr std::int64_t kUntimed = 3;  // steps: the first allocate memory and choose algorithms

void profile_training(std::int64_t batch_rows) {
  const GptConfig config = bench_shape(kGpt2Shape).config;
  const Batch batch = random_batch(config, batch_rows);
  TrainingWork training(config, batch_rows);
  for (std::int64_t step = 0; step < kUntimed; ++step) {
    training_step(training.model, *training.optimizer, training.train, batch, step);
  }
  const ProfiledRange range;
  training_step(training.model, *training.optimizer, training.train, batch, kUntimed);
  cuda::synchronize();
}

/// A token after 128 positions, or a prompt of 512 tokens.
void profile_speed_task(const Arguments& arguments) {
  const SpeedTask task = arguments.work == "decode"
                             ? SpeedTask{.kind = SpeedTask::Kind::generate, .tokens = 1, .depth = 128}
                             : SpeedTask{.kind = SpeedTask::Kind::prompt, .tokens = 512};
  GptConfig config = bench_shape(arguments.shape).config;
  config.context = task.positions();
  Gpt model(config);
  initialize(model, 1);
  model.to(DeviceKind::cuda);
  const BenchFormat format = find_bench_formats({arguments.format}).front();
  if (format.recipe) {
    apply_recipe(model, *format.recipe);
  }
  SpeedJob job(model, task);
  for (std::int64_t pass = 0; pass < kUntimed; ++pass) {
    job.run();
  }
  const ProfiledRange range;
  job.run();
}

void profile(const Arguments& arguments) {
  cuda::set_math_mode(math_mode_named(arguments.math));
  if (arguments.work == "training") {
    profile_training(arguments.batch);
  } else if (arguments.work == "decode" || arguments.work == "prefill") {
    profile_speed_task(arguments);
  } else {
    fail(ErrorKind::config, "--work: expected training, decode or prefill, got \"{}\"", arguments.work);
  }
}

}  // namespace
}  // namespace octet::bench

int main(int argc, char** argv) {
  octet::bench::Arguments arguments;
  octet::bench::Options options("gpu_profile", "Work for a profiler");
  options.add("--work", arguments.work, "training, decode or prefill");
  options.add("--format", arguments.format, "of the weights in decode and prefill");
  options.add("--math", arguments.math, "of FP32 products: fp32, tf32, bf16");
  options.add("--batch", arguments.batch, "rows of the training step");
  options.add("--shape", arguments.shape, "settings of the model in decode and prefill");
  if (const auto code = options.parse(argc, argv)) {
    return *code;
  }
  return octet::bench::run_on_gpu("gpu_profile", {}, [&](octet::bench::GpuDocument& document) {
    document.section(arguments.work, [&](auto&) { octet::bench::profile(arguments); });
  });
}
