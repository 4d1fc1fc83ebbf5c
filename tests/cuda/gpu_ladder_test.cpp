#include <cmath>

#include "bench/ladder/cuda/samples.h"
#include "tests/cuda/cuda_test.h"

// Every step of the ladders in bench/ladder/cuda/ beside plain loops.

namespace octet::gpu_ladder_test {
namespace {

using cuda::ladder::AttentionSample;
using cuda::ladder::kHeadDim;
using cuda::ladder::VectorSample;

class CudaLadder : public CudaTest {};

std::vector<float> vector_by_loops(const VectorSample& sample) {
  const Tensor x = sample.x.to(DeviceKind::cpu), w = sample.w.to(DeviceKind::cpu),
               scales = sample.scales.to(DeviceKind::cpu);
  std::vector<float> y;
  for (std::int64_t n = 0; n < sample.n; ++n) {
    std::int32_t sum = 0;
    for (std::int64_t k = 0; k < sample.k; ++k) {
      sum += x.data<std::int8_t>()[k] * w.data<std::int8_t>()[n * sample.k + k];
    }
    y.push_back(static_cast<float>(sum) * sample.args().x_scale * scales.data<float>()[n]);
  }
  return y;
}

Tensor attention_by_loops(const AttentionSample& sample) {
  const Tensor q = sample.q.to(DeviceKind::cpu), k = sample.k.to(DeviceKind::cpu), v = sample.v.to(DeviceKind::cpu);
  const auto row = [&](const Tensor& x, std::int64_t head, std::int64_t i) {
    return x.data<float>() + (head * sample.time + i) * kHeadDim;
  };
  Tensor y = Tensor::empty(q.shape());
  for (std::int64_t head = 0; head < sample.heads; ++head) {
    for (std::int64_t i = 0; i < sample.time; ++i) {
      double sum = 0.0, values[kHeadDim] = {};
      for (std::int64_t j = 0; j <= i; ++j) {
        double score = 0.0;
        for (int d = 0; d < kHeadDim; ++d) {
          score += double{row(q, head, i)[d]} * double{row(k, head, j)[d]};
        }
        const double weight = std::exp(score / std::sqrt(double{kHeadDim}));
        sum += weight;
        for (int d = 0; d < kHeadDim; ++d) {
          values[d] += weight * double{row(v, head, j)[d]};
        }
      }
      for (int d = 0; d < kHeadDim; ++d) {
        y.data<float>()[(head * sample.time + i) * kHeadDim + d] = static_cast<float>(values[d] / sum);
      }
    }
  }
  return y;
}

TEST_F(CudaLadder, VectorStepsGiveTheSameBits) {
  for (const auto& [n, k] : {std::pair{16, 2048}, std::pair{48, 4096}}) {
    VectorSample sample(n, k);
    const std::vector<float> expected = vector_by_loops(sample);
    const auto run = [&](const char* name, const std::function<void()>& step) {
      SCOPED_TRACE(name);
      under_every_schedule([&] {
        sample.y = Tensor::full({n}, -1.0F, DeviceKind::cuda);
        step();
        EXPECT_EQ(sample.y.to_vector(), expected);
      });
    };
    for (const auto& step : cuda::ladder::kVectorSteps) {
      run(step.name, [&] { step.run(sample.args()); });
    }
    run("production", [&] { sample.run_production(sample.w); });
  }
}

TEST_F(CudaLadder, AttentionStepsEqualPlainLoops) {
  // Relative to the largest element, against sums in double. Measured in the simulator: at most 4.4e-7.
  constexpr double kBound = 2e-6;
  for (const std::int64_t time : {64, 192}) {
    AttentionSample sample(2, time);
    const Tensor expected = attention_by_loops(sample);
    const auto run = [&](const char* name, const std::function<void()>& step) {
      SCOPED_TRACE(name);
      under_every_schedule([&] {
        sample.y = Tensor::full(expected.shape(), -1.0F, DeviceKind::cuda);
        step();
        expect_close(sample.y, expected, kBound);
      });
    };
    for (const auto& step : cuda::ladder::kAttentionSteps) {
      run(step.name, [&] { step.run(sample.args()); });
    }
    run("production", [&] { sample.run_production(); });
  }
}

}  // namespace
}  // namespace octet::gpu_ladder_test
