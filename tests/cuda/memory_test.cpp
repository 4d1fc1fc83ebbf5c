#include "tensor/cuda/runtime/runtime.h"
#include "tests/cuda/cuda_test.h"

namespace octet::memory_test {
namespace {

class CudaMemory : public CudaTest {};

TEST_F(CudaMemory, TensorsTravelToTheDeviceAndBack) {
  for (const std::int64_t count : {1, 5, 1000}) {
    const Tensor x = random_tensor({3, count}, 1);
    const Tensor there = on_cuda(x);
    EXPECT_EQ(there.device(), DeviceKind::cuda);
    expect_equal(there, x);
    expect_equal(there.clone(), x);
  }
  const Tensor ids = Tensor::from<std::int32_t>(std::vector<std::int32_t>{3, -1, 2}, {3});
  expect_equal(on_cuda(ids), ids);
}

TEST_F(CudaMemory, ZerosAreZeroInUsedMemoryToo) {
  const auto zeros = [] { return Tensor::zeros({77}, DType::f32, DeviceKind::cuda); };
  {
    Tensor used = zeros();
    used.copy_from(random_tensor({77}, 2));
  }
  EXPECT_EQ(zeros().to_vector(), std::vector<float>(77, 0.0F));
}

TEST_F(CudaMemory, WorkspaceHoldsWhatACallWritesThere) {
  for (const std::int64_t count : {10, 1000, 20}) {
    float* scratch = cuda::workspace_of<float>(count);
    const Tensor x = random_tensor({count}, 3);
    cuda::copy_to_device(scratch, x.data<float>(), x.bytes());
    Tensor y = Tensor::empty({count});
    cuda::copy_to_host(y.data<float>(), scratch, y.bytes());
    expect_equal(y, x);
  }
  cuda::synchronize();
}

// The comparison of the other tests must see a difference.
TEST(CudaCompare, SeesADifference) {
  const Tensor x = Tensor::from<float>(std::vector<float>{4.0F, 0.5F}, {2});
  const Tensor y = Tensor::from<float>(std::vector<float>{4.0F, 0.25F}, {2});
  const Tensor nan = Tensor::from<float>(std::vector<float>{4.0F, NAN}, {2});
  EXPECT_EQ(relative_error(x, x), 0.0);
  EXPECT_EQ(relative_error(nan, nan), 0.0);
  EXPECT_EQ(relative_error(y, x), 0.0625);
  EXPECT_TRUE(std::isnan(relative_error(nan, x)));
}

}  // namespace
}  // namespace octet::memory_test
