#include "tests/cuda/cuda_test.h"

namespace octet::probe_test {
namespace {

class CudaProbe : public CudaTest {};

TEST_F(CudaProbe, ProbesComputeWhatTheySay) {
  for (const std::int64_t steps : {1, 2, 3, 20}) {
    const ProbeResult fp32 = cuda_kernels().fp32_chain(steps);
    EXPECT_NEAR(fp32.value, 2.0 * (1.0 - std::pow(0.5, steps)), 1e-6);
    EXPECT_GT(fp32.operations, 0);
    EXPECT_EQ(fp32.operations, steps * cuda_kernels().fp32_chain(1).operations);
    const ProbeResult int8 = cuda_kernels().int8_chain(steps);
    EXPECT_EQ(int8.value, -6.0);
    EXPECT_EQ(int8.operations, steps * cuda_kernels().int8_chain(1).operations);
  }
}

TEST_F(CudaProbe, ReadSeesEveryWord) {
  for (const std::int64_t blocks : {1, 3, 40}) {
    const Tensor x = random_tensor({blocks * kProbeBlock / 4}, 1), there = on_cuda(x);
    const std::uint64_t expected = cpu_kernels().read(x.data<float>(), blocks * kProbeBlock);
    EXPECT_EQ(cuda_kernels().read(there.data<float>(), blocks * kProbeBlock), expected);
  }
}

}  // namespace
}  // namespace octet::probe_test
