#include "tensor/kernels/kernels.h"
#include "tests/cuda/cuda_test.h"

namespace octet::padded_rows_test {
namespace {

class CudaPaddedRows : public CudaTest {};

/// Rows and layouts: one column, groups that are and are not multiples of a step, a ragged last group, many groups.
struct Case {
  std::int64_t rows, columns, group;
};
constexpr Case kCases[] = {{1, 1, 1}, {3, 20, 6}, {2, 64, 32}, {5, 45, 32}, {4, 300, 7}, {2, 1030, 1030}};

struct Padded {
  Tensor rows, sums;
};

Padded compute(const Case& of, DeviceKind device) {
  const CodeLayout layout = code_layout(of.columns, of.group);
  const Tensor x = random_tensor({of.rows, of.columns}, 1).to(device);
  const Tensor rows = Tensor::full({of.rows, layout.stride}, NAN, device);
  const Tensor sums = Tensor::full({of.rows, layout.groups}, NAN, device);
  kernels(device).pad_rows({of.rows, layout, x.data<float>(), rows.data<float>()});
  kernels(device).group_sums({of.rows, layout, rows.data<float>(), sums.data<float>()});
  return {rows, sums};
}

// Sums of up to 1030 values in another order, measured 2e-6 of the largest.
constexpr double kSumBound = 1e-5;

TEST_F(CudaPaddedRows, AreThoseOfTheCpu) {
  for (const Case& of : kCases) {
    SCOPED_TRACE(testing::Message() << of.columns << " columns in groups of " << of.group);
    const Padded expected = compute(of, DeviceKind::cpu), actual = compute(of, DeviceKind::cuda);
    expect_equal(actual.rows, expected.rows);
    expect_close(actual.sums, expected.sums, kSumBound);
  }
}

}  // namespace
}  // namespace octet::padded_rows_test
