#include "tensor/ops/unpack_rows.h"

#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"

namespace octet::unpack_rows_test {
namespace {

class CudaUnpackRows : public CudaTest {};

/// Some rows and columns, first and last included, bit for bit as on the CPU.
void expect_same_pieces(const AnyWeight& format, std::int64_t rows) {
  SCOPED_TRACE(describe(format));
  const PackedWeight weight = pack(format), moved = weight.to(DeviceKind::cuda);
  const Tensor ids = Tensor::from<std::int32_t>(
      std::vector<std::int32_t>{static_cast<std::int32_t>(rows - 1), 0, static_cast<std::int32_t>(rows / 2), 0}, {4});
  expect_equal(unpack_rows(moved, ids), unpack_rows(weight, ids));
  const std::int64_t last = weight.columns() - 1, columns[] = {last, 0, last / 2, last / 3};
  expect_equal(unpack_columns(moved, columns), unpack_columns(weight, columns));
}

TEST_F(CudaUnpackRows, EqualTheCpu) {
  for (const ProductCase& c :
       {ProductCase{4, 17, 33, 8}, {4, 33, 100, 100}, {4, 1, 64, 20}, {4, 70, 7, 32}, {4, 16, 1100, 300}}) {
    SCOPED_TRACE(describe(c));
    for (const AnyWeight& format : every_format(c)) {
      under_every_schedule([&] { expect_same_pieces(format, c.n); });
    }
  }
}

}  // namespace
}  // namespace octet::unpack_rows_test
