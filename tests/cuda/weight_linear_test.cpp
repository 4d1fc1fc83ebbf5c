#include "tensor/ops/weight_linear.h"

#include "tensor/ops/view.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"

namespace octet::weight_linear_test {
namespace {

// The same products added up in another order. Measured 1.9e-6 with K = 2100, and 5.5e-6 for 2-bit codes with a
// minimum, where sums of (q - 8) scale are large against what the offset leaves of them.
constexpr double kBound = 1.5e-5;

class CudaWeightLinear : public CudaTest {};

TEST_F(CudaWeightLinear, EqualTheCpu) {
  for (const ProductCase& c : product_cases()) {
    for (const AnyWeight& format : every_format(c)) {
      SCOPED_TRACE(fmt::format("{}, {}", describe(c), describe(format)));
      const PackedWeight weight = pack(format), moved = weight.to(DeviceKind::cuda);
      const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4);
      expect_close(weight_linear(on_cuda(x), moved), weight_linear(x, weight), kBound);
      expect_close(weight_linear(on_cuda(x), moved, on_cuda(bias)), weight_linear(x, weight, bias), kBound);
    }
  }
}

TEST_F(CudaWeightLinear, NeedNoOrderOfThreads) {
  under_every_schedule([] {
    for (const ProductCase& c : {ProductCase{3, 17, 100, 32}, {20, 70, 100, 32}}) {
      for (const AnyWeight& format : every_format(c)) {
        const PackedWeight weight = pack(format);
        const Tensor x = random_tensor({c.m, c.k}, 3);
        expect_close(weight_linear(on_cuda(x), weight.to(DeviceKind::cuda)), weight_linear(x, weight), kBound);
      }
    }
  });
}

TEST_F(CudaWeightLinear, ApplyTheNonlinearity) {
  for (const ProductCase& c : {ProductCase{3, 33, 40, 8}, {18, 33, 40, 8}}) {
    for (const AnyWeight& format : every_format(c)) {
      SCOPED_TRACE(fmt::format("{}, {}", describe(c), describe(format)));
      const PackedWeight weight = pack(format), moved = weight.to(DeviceKind::cuda);
      const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4),
                   gate = random_tensor({c.m, c.n}, 5);
      for (const Nonlinearity f : {Nonlinearity::gelu, Nonlinearity::silu}) {
        expect_close(weight_linear(on_cuda(x), moved, on_cuda(bias), f), weight_linear(x, weight, bias, f), kBound);
      }
      expect_close(weight_linear(on_cuda(x), moved, on_cuda(bias), Epilogue::swiglu(on_cuda(gate))),
                   weight_linear(x, weight, bias, Epilogue::swiglu(gate)), kBound);
    }
  }
}

// The last 16 codes of a row of the weight reach beyond a row of x of 40, into the next one.
TEST_F(CudaWeightLinear, RowsOfXDoNotMeetEachOther) {
  const PackedWeight weight = pack(Int8Weight(random_codes({2, 17, 40, 40}, 8, false)));
  Tensor x = random_tensor({2, 40}, 3);
  std::fill_n(x.data<float>() + 40, 40, NAN);
  expect_close(weight_linear(on_cuda(x), weight.to(DeviceKind::cuda)), weight_linear(x, weight), kBound);
}

// A row of a view is contiguous, but begins where 16 bytes do not.
TEST_F(CudaWeightLinear, RowsMayBeginAnywhere) {
  const PackedWeight weight = pack(Int8Weight(random_codes({1, 17, 64, 64}, 8, false)));
  const Tensor x = random_tensor({1, 70}, 3);
  expect_close(weight_linear(slice(on_cuda(x), 1, 3, 67), weight.to(DeviceKind::cuda)),
               weight_linear(slice(x, 1, 3, 67), weight), kBound);
}

}  // namespace
}  // namespace octet::weight_linear_test
