// Kernels that only training uses: add_squares, add_diagonal, dropout.

#include "tensor/kernels/kernels.h"
#include "tests/cuda/cuda_test.h"

namespace octet::training_kernels_test {
namespace {

class CudaTrainingKernels : public CudaTest {};

double sum_of_squares(const std::vector<Tensor>& tensors, DeviceKind device) {
  const Storage sum(sizeof(double), device);
  memory(device).zero(sum.data(), sum.bytes());
  for (const Tensor& tensor : tensors) {
    const Tensor x = tensor.to(device);
    kernels(device).add_squares({x.elements(), x.data<float>(), static_cast<double*>(sum.data())});
  }
  double total = 0.0;
  memory(device).to_host(&total, sum.data(), sizeof total);
  return total;
}

// Up to 64 squares are added in FP32 before they become double: measured at most 5e-8.
constexpr double kSquaresBound = 1e-6;

TEST_F(CudaTrainingKernels, SquaresAddUpOverTensors) {
  std::vector<Tensor> tensors;
  for (const std::int64_t count : {1, 255, 257, 16384, 40000, 0}) {
    tensors.push_back(random_tensor({count}, static_cast<std::uint64_t>(count)));
    const double expected = sum_of_squares(tensors, DeviceKind::cpu),
                 actual = sum_of_squares(tensors, DeviceKind::cuda);
    EXPECT_NEAR(actual, expected, kSquaresBound * expected) << tensors.size() << " tensors";
  }
}

TEST_F(CudaTrainingKernels, DiagonalIsAddedAndNothingElse) {
  for (const std::int64_t side : {1, 7, 127, 129}) {
    const Tensor x = random_tensor({side, side}, 1), y = on_cuda(x);
    cpu_kernels().add_diagonal({side, 3.5F, x.data<float>()});
    cuda_kernels().add_diagonal({side, 3.5F, y.data<float>()});
    expect_equal(y, x);
  }
}

TEST_F(CudaTrainingKernels, DropoutDropsTheSameElements) {
  for (const std::int64_t count : {1, 255, 1000}) {
    const Tensor x = random_tensor({count}, 1), there = on_cuda(x);
    const Tensor expected = Tensor::empty({count}), actual = on_cuda(expected);
    const std::uint64_t seed = 0x123456789ABCDEF0, stream = 0xFEDCBA9876543210;
    cpu_kernels().dropout({count, 0.3F, seed, stream, x.data<float>(), expected.data<float>()});
    cuda_kernels().dropout({count, 0.3F, seed, stream, there.data<float>(), actual.data<float>()});
    expect_equal(actual, expected);
  }
}

}  // namespace
}  // namespace octet::training_kernels_test
