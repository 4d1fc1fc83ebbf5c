#include "tensor/autograd/node.h"
#include "tests/cuda/cuda_test.h"
#include "tests/tensor/gradient_cases.h"

namespace octet::ops_test {
namespace {

using gradient::GradientCase;
using gradient::Inputs;

class CudaOps : public CudaTest, public testing::WithParamInterface<GradientCase> {};

/// The result, then the gradient of each input under an upstream gradient that is the same everywhere.
std::vector<Tensor> forward_and_backward(const GradientCase& of, DeviceKind device) {
  Inputs inputs = gradient::random_inputs(of);
  for (Tensor& input : inputs) {
    input = input.to(device).set_requires_grad(true);
  }
  const Tensor y = of.function(inputs);
  backward(y, random_tensor(y.shape(), Random(7, 100)).to(y.device()));
  std::vector<Tensor> results = {y};
  for (const Tensor& input : inputs) {
    EXPECT_EQ(input.grad().device(), device);
    results.push_back(input.grad());
  }
  return results;
}

// Sums in another order and other polynomials for exp and tanh: measured at most 4e-7.
constexpr double kBound = 5e-6;

TEST_P(CudaOps, ResultsAndGradientsAreThoseOfTheCpu) {
  if (GetParam().cpu_only) {
    GTEST_SKIP() << GetParam().name << " has no kernel for a GPU";
  }
  const std::vector<Tensor> expected = forward_and_backward(GetParam(), DeviceKind::cpu);
  const std::vector<Tensor> actual = forward_and_backward(GetParam(), DeviceKind::cuda);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(i);
    expect_close(actual[i], expected[i], kBound);
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, CudaOps, testing::ValuesIn(gradient::cases()),
                         [](const auto& test) { return test.param.name; });

class CudaOpErrors : public CudaTest {};

TEST_F(CudaOpErrors, TensorsOfTwoDevicesAreRefused) {
  const Tensor x = random_tensor({3, 5}, 1);
  try {
    add(x, on_cuda(x));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[add] expected tensors on one device, got cpu and cuda");
  }
  EXPECT_THROW(linear(on_cuda(x), x), Error);
  EXPECT_THROW(layer_norm(on_cuda(x), random_tensor({5}, 2), random_tensor({5}, 3)), Error);
}

}  // namespace
}  // namespace octet::ops_test
