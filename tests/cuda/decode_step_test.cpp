#include "nn/generation/decode_step.h"

#include <cmath>
#include <utility>

#include "nn/initialize.h"
#include "tensor/replay.h"
#include "tests/cuda/cuda_test.h"

namespace octet {
namespace {

// Sums have another order than the CPU's. Measured at most 3.2e-7 of the largest logit.
constexpr double kBound = 2e-6;
// With an int8 cache an element of K or V that lies near the middle of two codes may get the other one where a GPU
// rounds in another way. Measured with one code of every key and value moved by one: 1.1e-5.
constexpr double kCodeBound = 5e-5;

GptConfig config_of(Architecture architecture) {
  GptConfig config;
  config.architecture = architecture;
  config.vocabulary = 61;
  config.context = 600;
  config.width = 32;
  config.layers = 2;
  config.heads = 2;
  config.hidden = 48;
  return config;
}

Tensor ids_at(std::int64_t position) {
  return Tensor::from(std::vector<std::int32_t>{static_cast<std::int32_t>(position * 7 % 61)}, {1, 1});
}

using DecodeStepTest = CudaTest;

// Steps across the border of a range of positions, and again from the start with the same records.
TEST_F(DecodeStepTest, ReplayedStepsGiveTheLogitsOfTheCpu) {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    for (const KvFormat format : {KvFormat::f32, KvFormat::int8}) {
      SCOPED_TRACE(fmt::format("{} {}", enum_name(architecture), enum_name(format)));
      const GptConfig config = config_of(architecture);
      Gpt on_cpu(config), on_gpu(config);
      initialize(on_cpu, 3);
      initialize(on_gpu, 3);
      on_gpu.to(DeviceKind::cuda);
      KvCache cpu_cache(config, 1, format), gpu_cache(config, 1, format, DeviceKind::cuda);
      DecodeStep cpu_step(on_cpu, cpu_cache), gpu_step(on_gpu, gpu_cache);
      for (int round = 0; round < 2; ++round) {
        cpu_cache.reset();
        gpu_cache.reset();
        cpu_cache.advance(kKvRange - 3);  // what lies there is zero on both
        gpu_cache.advance(kKvRange - 3);
        for (int step = 0; step < 6; ++step) {
          const Tensor expected = cpu_step(ids_at(step + round)), got = gpu_step(ids_at(step + round));
          EXPECT_TRUE(std::isfinite(expected.to_vector().front()));
          expect_close(got, expected, format == KvFormat::f32 ? kBound : kCodeBound);
        }
        EXPECT_EQ(gpu_cache.length(), kKvRange + 3);
      }
    }
  }
}

// Products with Hadamard matrices and a copy between them are recorded as any kernel is.
TEST_F(DecodeStepTest, ReplaysRotations) {
  GptConfig config = config_of(Architecture::llama);
  config.hidden = 192;  // two products
  config.rotations = {.down = true, .heads = true};
  Gpt on_cpu(config), on_gpu(config);
  initialize(on_cpu, 3);
  initialize(on_gpu, 3);
  on_gpu.to(DeviceKind::cuda);
  KvCache cpu_cache(config), gpu_cache(config, 1, KvFormat::f32, DeviceKind::cuda);
  DecodeStep cpu_step(on_cpu, cpu_cache), gpu_step(on_gpu, gpu_cache);
  for (int step = 0; step < 6; ++step) {
    const Tensor expected = cpu_step(ids_at(step));
    expect_close(gpu_step(ids_at(step)), expected, kBound);
  }
}

// Not recorded, and the same across the border of a range.
TEST_F(DecodeStepTest, ClippedSoftmaxGivesTheLogitsOfTheCpu) {
  GptConfig config = config_of(Architecture::llama);
  config.attention_clip = 4;
  Gpt on_cpu(config), on_gpu(config);
  initialize(on_cpu, 3);
  initialize(on_gpu, 3);
  on_gpu.to(DeviceKind::cuda);
  KvCache cpu_cache(config), gpu_cache(config, 1, KvFormat::f32, DeviceKind::cuda);
  cpu_cache.advance(kKvRange - 3);  // what lies there is zero on both
  gpu_cache.advance(kKvRange - 3);
  DecodeStep cpu_step(on_cpu, cpu_cache), gpu_step(on_gpu, gpu_cache);
  for (int step = 0; step < 6; ++step) {
    const Tensor expected = cpu_step(ids_at(step));
    expect_close(gpu_step(ids_at(step)), expected, kBound);
  }
}

TEST_F(DecodeStepTest, CopiesToTheCpuCannotBeRecorded) {
  const Tensor x = Tensor::full({3}, 1.0F).to(DeviceKind::cuda);
  bool first = true;
  EXPECT_THROW(Replay(DeviceKind::cuda,
                      [&] {
                        if (!std::exchange(first, false)) {
                          (void)x.to_vector();
                        }
                      }),
               Error);
  EXPECT_EQ(x.to_vector(), std::vector<float>(3, 1.0F)) << "the device works on after a recording that failed";
}

}  // namespace
}  // namespace octet
