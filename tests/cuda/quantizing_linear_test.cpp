#include "tensor/cuda/runtime/switches.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/view.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"
#include "tests/support/random_codebook.h"

// One row, quantized by the kernel that multiplies it: the bits that two kernels give.

namespace octet::quantizing_linear_test {
namespace {

class CudaQuantizingLinear : public CudaTest {
 protected:
  ~CudaQuantizingLinear() override { cuda::switches() = usual_; }

  /// The result of `run` with one kernel and with two.
  template <typename Run>
  static void expect_the_same(Run run) {
    cuda::switches().quantize_in_product = true;
    const Tensor one = run();
    cuda::switches().quantize_in_product = false;
    expect_equal(one, run());
  }

 private:
  const cuda::Switches usual_ = cuda::switches();
};

/// int8 and int4 with and without a minimum, and 16 levels, on the device.
std::vector<PackedWeight> weights_of(const ProductCase& c) {
  std::vector<PackedWeight> weights = {{random_codes(c, 8, false), PackedFormat::int8},
                                       {random_codes(c, 7, true), PackedFormat::int8},
                                       {random_codes(c, 4, false), PackedFormat::int4},
                                       {random_codes(c, 4, true), PackedFormat::int4},
                                       PackedWeight(random_codebook(Codebook::table4, c.n, c.k, c.group))};
  for (PackedWeight& weight : weights) {
    weight = weight.to(DeviceKind::cuda);
  }
  return weights;
}

TEST_F(CudaQuantizingLinear, EqualsTwoKernels) {
  // Four columns at a time and one by one; groups that are whole, ragged, one; more columns than threads quantize at
  // once.
  for (const ProductCase& c : {ProductCase{1, 17, 64, 32},
                               {1, 33, 100, 100},
                               {1, 16, 33, 8},
                               {1, 15, 300, 20},
                               {1, 16, 1, 1},
                               {1, 20, 2100, 2100},
                               {1, 20, 2100, 300}}) {
    for (const PackedWeight& weight : weights_of(c)) {
      SCOPED_TRACE(describe(c));
      const Tensor x = on_cuda(random_tensor({c.m, c.k}, 3)), bias = on_cuda(random_tensor({c.n}, 4)),
                   residual = on_cuda(random_tensor({c.m, c.n}, 5));
      expect_the_same([&] { return dynamic_linear(x, weight, bias); });
      expect_the_same([&] { return dynamic_linear(x, weight, bias, Epilogue::plus(residual)); });
      expect_the_same([&] { return dynamic_linear(x, weight, {}, Nonlinearity::gelu); });
      expect_the_same([&] { return static_linear(x, 0.01F, weight); });
    }
  }
}

TEST_F(CudaQuantizingLinear, TakesRowsOfZerosAndOfWhatIsNotFinite) {
  const ProductCase c{1, 17, 40, 8};
  for (const PackedWeight& weight : weights_of(c)) {
    for (const float value : {0.0F, INFINITY, NAN}) {
      Tensor x = Tensor::full({1, c.k}, 0.0F);
      x.data<float>()[7] = value;
      const Tensor there = on_cuda(x);
      expect_the_same([&] { return dynamic_linear(there, weight); });
    }
  }
}

TEST_F(CudaQuantizingLinear, TakesARowThatBeginsAnywhere) {
  const ProductCase c{1, 17, 64, 32};
  const Tensor longer = on_cuda(random_tensor({c.k + 1}, 3));
  for (const PackedWeight& weight : weights_of(c)) {
    expect_the_same([&] { return dynamic_linear(slice(longer, 0, 1, c.k + 1), weight); });
  }
}

TEST_F(CudaQuantizingLinear, NeedsNoOrderOfThreads) {
  under_every_schedule([] {
    const ProductCase c{1, 17, 1100, 220};
    for (const PackedWeight& weight : weights_of(c)) {
      const Tensor x = on_cuda(random_tensor({c.m, c.k}, 3));
      expect_the_same([&] { return dynamic_linear(x, weight); });
    }
  });
}

// Two rows, and one whose codes would not fit in shared memory.
TEST_F(CudaQuantizingLinear, LeavesTheRestToTwoKernels) {
  for (const ProductCase& c : {ProductCase{2, 16, 64, 32}, {1, 16, 41000, 41000}}) {
    const PackedWeight weight = PackedWeight(random_codes(c, 4, false), PackedFormat::int4).to(DeviceKind::cuda);
    const Tensor x = on_cuda(random_tensor({c.m, c.k}, 3));
    expect_the_same([&] { return dynamic_linear(x, weight); });
  }
}

}  // namespace
}  // namespace octet::quantizing_linear_test
