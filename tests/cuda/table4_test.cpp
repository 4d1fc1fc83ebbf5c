#include "tensor/cuda/runtime/switches.h"
#include "tensor/ops/dynamic_linear.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"

// 16 integer levels with int8 activations: few rows by dp4a and on tensor cores, and tiles.

namespace octet::table4_test {
namespace {

// As in int_linear_test.cpp. Measured 0 against a CPU that fuses too.
constexpr double kBound = 2e-7;

class CudaTable4 : public CudaTest {
 protected:
  ~CudaTable4() override { cuda::switches().mma_rows = before_; }

 private:
  std::int64_t before_ = cuda::switches().mma_rows;
};

void expect_the_same(const ProductCase& c) {
  SCOPED_TRACE(describe(c));
  const PackedWeight weight(random_codebook(Codebook::table4, c.n, c.k, c.group)), moved = weight.to(DeviceKind::cuda);
  const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4);
  expect_equal(integer_product(quantize_rows(on_cuda(x), moved.layout()), moved),
               integer_product(quantize_rows(x, weight.layout()), weight));
  expect_close(dynamic_linear(on_cuda(x), moved, on_cuda(bias)), dynamic_linear(x, weight, bias), kBound);
}

TEST_F(CudaTable4, EqualsTheCpu) {
  for (const std::int64_t mma_rows : {1, 17}) {  // all rows on tensor cores, and only tiles
    cuda::switches().mma_rows = mma_rows;
    for (const ProductCase& c : product_cases()) {
      expect_the_same(c);
    }
  }
  for (const ProductCase& c : tile_cases()) {
    expect_the_same(c);
  }
}

TEST_F(CudaTable4, NeedsNoOrderOfThreads) {
  under_every_schedule([] {
    expect_the_same({3, 17, 100, 32});
    expect_the_same({20, 70, 300, 24});
  });
}

// All products have the same sign and the largest size.
TEST_F(CudaTable4, ExtremeLevelsDoNotOverflow) {
  constexpr std::int64_t k = kMaxGroup;
  const Tensor scales = to_half_exactly(Tensor::full({2, 1}, 1.0F), "test", "scales");
  for (const int nibbles : {0x00, 0xFF}) {
    Tensor bytes = Tensor::empty({2, k / 2}, DType::u8);
    std::fill_n(bytes.data<std::uint8_t>(), k, static_cast<std::uint8_t>(nibbles));
    Tensor levels = default_table4_levels();
    levels.data<std::int8_t>()[15] = 127;
    const PackedWeight weight(CodebookWeight(Codebook::table4, bytes, {ScaleCoding::f16, scales}, k, k, levels));
    const PackedWeight moved = weight.to(DeviceKind::cuda);
    for (const std::int64_t m : {1, 17}) {
      const Tensor x = Tensor::full({m, k}, 3.0F);
      expect_equal(integer_product(quantize_rows(on_cuda(x), moved.layout()), moved),
                   integer_product(quantize_rows(x, weight.layout()), weight));
    }
  }
}

}  // namespace
}  // namespace octet::table4_test
