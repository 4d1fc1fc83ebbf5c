#include "tensor/cuda_simulator/simulator.h"
#include "tensor/ops/dynamic_linear.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"

// A chip for which cuBLASLt has no int8 algorithm: Octet's own kernels take over.

namespace octet::simulator_without_int8_test {
namespace {

class WithoutInt8 : public CudaTest {
 protected:
  WithoutInt8() { simulator::library_has_int8 = false; }
  ~WithoutInt8() override { simulator::library_has_int8 = true; }
};

TEST_F(WithoutInt8, OwnKernelsGiveTheSameSums) {
  // Tiles of 32 x 32 and of 64 x 64; rows of codes that fill their last 16 bytes and that do not.
  for (const ProductCase& c : {ProductCase{17, 31, 600, 600}, {17, 70, 304, 304}, {65, 70, 300, 300}}) {
    SCOPED_TRACE(describe(c));
    const PackedWeight weight(random_codes(c, 8, false), PackedFormat::int8), moved = weight.to(DeviceKind::cuda);
    ASSERT_NE(moved.view().row_codes, nullptr);  // the library would be asked
    const Tensor x = random_tensor({c.m, c.k}, 3);
    expect_equal(integer_product(quantize_rows(on_cuda(x), moved.layout()), moved),
                 integer_product(quantize_rows(x, weight.layout()), weight));
    expect_equal(dynamic_linear(on_cuda(x), moved), dynamic_linear(x, weight));
  }
}

}  // namespace
}  // namespace octet::simulator_without_int8_test
