#include "tensor/cuda/runtime/switches.h"
#include "tensor/ops/dynamic_linear.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"
#include "tests/support/random_codebook.h"

// Products of many rows of codes in tiles of 128 x 128, which on a chip of two processors need two blocks.

namespace octet::large_tiles_test {
namespace {

// As in int_linear_test.cpp. Measured 0 against a CPU that fuses too.
constexpr double kBound = 2e-7;

class CudaLargeTiles : public CudaTest {
 protected:
  ~CudaLargeTiles() override { cuda::switches().large_tiles = before_; }

 private:
  bool before_ = cuda::switches().large_tiles;
};

/// int4 without and with a minimum, 16 levels, int8 in groups.
std::vector<PackedWeight> weights_of(const ProductCase& c) {
  return {{random_codes(c, 4, false), PackedFormat::int4},
          {random_codes(c, 4, true), PackedFormat::int4},
          {random_codes(c, 8, false), PackedFormat::int8},
          PackedWeight(random_codebook(Codebook::table4, c.n, c.k, c.group))};
}

/// Tiles of 128 x 128, those of 64 x 64, and the CPU.
void expect_the_same(const ProductCase& c) {
  int index = 0;
  for (const PackedWeight& weight : weights_of(c)) {
    SCOPED_TRACE(fmt::format("{}, weight {}", describe(c), index++));
    const PackedWeight moved = weight.to(DeviceKind::cuda);
    const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4);
    cuda::switches().large_tiles = true;
    const Tensor large = dynamic_linear(on_cuda(x), moved, on_cuda(bias));
    cuda::switches().large_tiles = false;
    expect_equal(large, dynamic_linear(on_cuda(x), moved, on_cuda(bias)));
    expect_close(large, dynamic_linear(x, weight, bias), kBound);
  }
}

TEST_F(CudaLargeTiles, EqualTheCpu) {
  // Rows and columns that fill tiles and that do not; groups that fill steps of 32 codes, that do not, and longer ones
  // that end within a piece of two or four steps; pieces that are whole and that are not.
  for (const ProductCase& c : {ProductCase{128, 256, 256, 32},
                               {97, 129, 300, 24},
                               {250, 100, 136, 128},
                               {128, 130, 520, 72},
                               {100, 129, 24, 8},
                               {70, 140, 1000, 200}}) {
    expect_the_same(c);
  }
}

TEST_F(CudaLargeTiles, NeedNoOrderOfThreads) {
  under_every_schedule([] { expect_the_same({100, 129, 300, 40}); });
}

}  // namespace
}  // namespace octet::large_tiles_test
