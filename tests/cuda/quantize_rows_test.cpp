#include <limits>

#include "tensor/ops/dynamic_linear.h"
#include "tests/cuda/cuda_test.h"

namespace octet::quantize_rows_test {
namespace {

class CudaQuantizeRows : public CudaTest {};

/// Codes, scales and corrections of the CPU, bit for bit.
void expect_same_rows(const Tensor& x, const CodeLayout& layout, float static_scale = 0.0F) {
  const QuantizedRows expected = quantize_rows(x, layout, static_scale);
  const QuantizedRows actual = quantize_rows(on_cuda(x), layout, static_scale);
  expect_equal(actual.codes, expected.codes);
  expect_equal(actual.scales, expected.scales);
  expect_equal(actual.corrections, expected.corrections);
}

TEST_F(CudaQuantizeRows, EqualTheCpu) {
  for (const std::int64_t k : {1, 3, 4, 7, 8, 33, 64, 100, 300, 1025}) {
    for (const std::int64_t group : {1, 5, 8, 12, 32, 100, 129, 2000}) {
      SCOPED_TRACE(testing::Message() << "k " << k << ", group " << group);
      const Tensor x = random_tensor({5, k}, static_cast<std::uint64_t>(k));
      expect_same_rows(x, code_layout(k, group));
      expect_same_rows(x, code_layout(k, group), 0.01F);
    }
  }
}

TEST_F(CudaQuantizeRows, NeedNoOrderOfThreads) {
  under_every_schedule([] {
    expect_same_rows(random_tensor({3, 300}, 1), code_layout(300, 300));
    expect_same_rows(random_tensor({3, 300}, 2), code_layout(300, 32));
  });
}

TEST_F(CudaQuantizeRows, RoundHalfToEven) {
  const Tensor x = Tensor::from<float>({127.0F, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F, -2.5F, 0.49F, -126.51F}, {1, 9});
  expect_same_rows(x, code_layout(9, 9));
  expect_same_rows(x, code_layout(9, 4));
}

TEST_F(CudaQuantizeRows, TreatRowsThatCannotBeScaledLikeTheCpu) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {kNan, kInfinity, -kInfinity, 0.0F, 0.9F * kSmallestRow, 1.1F * kSmallestRow, 1e-40F, 3e38F}) {
    for (const std::int64_t position : {0, 7, 299}) {
      for (const std::int64_t group : {300, 32}) {
        SCOPED_TRACE(testing::Message() << bad << " at " << position);
        Tensor x = random_tensor({3, 300}, 4);
        std::fill_n(x.data<float>() + 300, 300, 0.0F);
        x.data<float>()[position] = bad;
        x.data<float>()[300 + position] = bad;
        expect_same_rows(x, code_layout(300, group));
        expect_same_rows(x, code_layout(300, group), 0.5F);
      }
    }
  }
}

}  // namespace
}  // namespace octet::quantize_rows_test
