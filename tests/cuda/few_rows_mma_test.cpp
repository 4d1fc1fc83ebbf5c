#include "tensor/cuda/runtime/switches.h"
#include "tensor/ops/dynamic_linear.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"

// Few rows of codes both ways: all of them on tensor cores, and none. (What is the default is seen by
// int_linear_test.cpp.)

namespace octet::few_rows_mma_test {
namespace {

// As in int_linear_test.cpp. Measured 0 against a CPU that fuses too.
constexpr double kBound = 2e-7;

class FewRowsOfCodes : public CudaTest, public testing::WithParamInterface<std::int64_t> {
 protected:
  FewRowsOfCodes() { cuda::switches().mma_rows = GetParam(); }
  ~FewRowsOfCodes() override { cuda::switches().mma_rows = before_; }

 private:
  std::int64_t before_ = cuda::switches().mma_rows;
};

void expect_the_same(const ProductCase& c, int bits, bool minimum) {
  SCOPED_TRACE(fmt::format("{}, {} bits{}", describe(c), bits, minimum ? " with minimum" : ""));
  const PackedWeight weight(random_codes(c, bits, minimum), bits <= 4 ? PackedFormat::int4 : PackedFormat::int8);
  const PackedWeight moved = weight.to(DeviceKind::cuda);
  const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4);
  expect_equal(integer_product(quantize_rows(on_cuda(x), moved.layout()), moved),
               integer_product(quantize_rows(x, weight.layout()), weight));
  expect_close(dynamic_linear(on_cuda(x), moved, on_cuda(bias)), dynamic_linear(x, weight, bias), kBound);
}

void expect_the_same_in_all_formats(const ProductCase& c) {
  for (const int bits : {8, 4}) {
    expect_the_same(c, bits, false);
    expect_the_same(c, bits - 1, true);
  }
}

TEST_P(FewRowsOfCodes, EqualTheCpu) {
  // One and two halves of 16 rows, full and not; groups that fill pieces of 32 codes and that do not, and one group, in
  // panels and in rows; panels with missing columns.
  for (const std::int64_t m : {1, 2, 3, 8, 9, 16}) {
    expect_the_same_in_all_formats({m, 17, 33, 8});
    expect_the_same_in_all_formats({m, 33, 104, 1000});
  }
  for (const std::int64_t group : {8, 20, 32, 40, 64, 1000}) {
    expect_the_same_in_all_formats({5, 15, 300, group});
    expect_the_same_in_all_formats({12, 16, 1, group});
  }
  // Rounds of pieces that are whole: each a group, four to a group, one group; and almost whole.
  for (const std::int64_t group : {32, 128, 4608}) {
    expect_the_same_in_all_formats({7, 16, 4608, group});
  }
  expect_the_same_in_all_formats({9, 16, 4700, 4700});
  // The last piece of the last whole round of the last warp has 8 codes.
  for (const std::int64_t group : {32, 128}) {
    expect_the_same_in_all_formats({7, 16, 63 * 32 + 8, group});
  }
}

TEST_P(FewRowsOfCodes, NeedNoOrderOfThreads) {
  under_every_schedule([] {
    expect_the_same_in_all_formats({3, 17, 100, 24});
    expect_the_same_in_all_formats({11, 17, 200, 200});
  });
}

INSTANTIATE_TEST_SUITE_P(ByMma, FewRowsOfCodes, testing::Values(1));
INSTANTIATE_TEST_SUITE_P(ByDp4a, FewRowsOfCodes, testing::Values(17));

}  // namespace
}  // namespace octet::few_rows_mma_test
