#include "tensor/cuda/panels/expanded_linear.h"

#include "tensor/cuda/runtime/switches.h"
#include "tensor/ops/weight_linear.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"

namespace octet::expanded_linear_test {
namespace {

// The same products added up in another order. Measured 8.3e-7 over all cases.
constexpr double kBound = 5e-6;

class CudaExpandedLinear : public CudaTest {
 protected:
  ~CudaExpandedLinear() override { cuda::switches() = usual_; }

  static void expect_as_on_the_cpu(const ProductCase& c) {
    for (const AnyWeight& format : every_format(c)) {
      SCOPED_TRACE(fmt::format("{}, {}", describe(c), describe(format)));
      const PackedWeight weight = pack(format), moved = weight.to(DeviceKind::cuda);
      const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4),
                   gate = random_tensor({c.m, c.n}, 5);
      expect_close(weight_linear(on_cuda(x), moved), weight_linear(x, weight), kBound);
      expect_close(weight_linear(on_cuda(x), moved, on_cuda(bias), Nonlinearity::gelu),
                   weight_linear(x, weight, bias, Nonlinearity::gelu), kBound);
      expect_close(weight_linear(on_cuda(x), moved, {}, Epilogue::swiglu(on_cuda(gate))),
                   weight_linear(x, weight, {}, Epilogue::swiglu(gate)), kBound);
      const Tensor residual = random_tensor({c.m, c.n}, 6);
      expect_close(weight_linear(on_cuda(x), moved, on_cuda(bias), Epilogue::plus(on_cuda(residual))),
                   weight_linear(x, weight, bias, Epilogue::plus(residual)), kBound);
      const auto both = [](const Tensor& with_gate, const Tensor& added) {
        Epilogue epilogue = Epilogue::swiglu(with_gate);
        epilogue.residual = added;
        return epilogue;
      };
      expect_close(weight_linear(on_cuda(x), moved, {}, both(on_cuda(gate), on_cuda(residual))),
                   weight_linear(x, weight, {}, both(gate, residual)), kBound);
    }
  }

 private:
  const cuda::Switches usual_ = cuda::switches();
};

TEST_F(CudaExpandedLinear, EqualTheCpu) {
  for (const ProductCase& c : {ProductCase{65, 17, 33, 8}, {65, 33, 100, 100}, {66, 70, 300, 40}}) {
    expect_as_on_the_cpu(c);
  }
}

TEST_F(CudaExpandedLinear, FromSoManyRowsOnAsTheSwitchSays) {
  cuda::switches().expand_rows = 0;
  expect_as_on_the_cpu({1, 33, 100, 32});
  cuda::switches().expand_rows = 1000;
  expect_as_on_the_cpu({65, 33, 100, 32});  // by tiles
}

// A weight that is larger than the scratch is written out in parts of whole panels.
TEST_F(CudaExpandedLinear, InParts) {
  const ProductCase c = {65, 70, 40, 8};
  const PackedWeight weight = pack(Int8Weight(random_codes(c, 8, false)));
  const PackedWeight moved = weight.to(DeviceKind::cuda);
  const Tensor x = random_tensor({c.m, c.k}, 3), there = on_cuda(x), bias = on_cuda(random_tensor({c.n}, 4));
  const auto product = [&](std::int64_t part_floats) {
    const Tensor y = Tensor::full({c.m, c.n}, NAN, DeviceKind::cuda);
    EXPECT_TRUE(cuda::expanded_linear("test",
                                      {{c.m, there.data<float>(), nullptr},
                                       moved.view(),
                                       bias.data<float>(),
                                       Nonlinearity::none,
                                       nullptr,
                                       nullptr,
                                       y.data<float>()},
                                      part_floats));
    return y;
  };
  const Tensor whole = product(cuda::kExpandedPart);
  expect_close(whole, weight_linear(x, weight, bias.to(DeviceKind::cpu)), kBound);
  expect_equal(product(33 * c.k), whole);  // 32 rows, twice, and 6
  expect_equal(product(1), whole);         // a panel at a time
}

}  // namespace
}  // namespace octet::expanded_linear_test
