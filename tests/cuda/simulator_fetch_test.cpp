#include "base/error.h"
#include "tensor/cuda/language/device.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/switches.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/weight_linear.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"

// Weights that kernels of few rows ask for before they wait for x. On a GPU nothing shows but the time.

namespace octet::simulator_fetch_test {
namespace {

class SimulatorFetch : public CudaTest {
 protected:
  ~SimulatorFetch() override { cuda::switches() = usual_; }

  /// Lines of 128 bytes that `run` asks for.
  template <typename Run>
  static std::int64_t lines_of(Run run) {
    const std::int64_t before = simulator::fetched;
    run();
    return simulator::fetched - before;
  }

 private:
  const cuda::Switches usual_ = cuda::switches();
};

__global__ void fetch_kernel(const void* address) {
  cuda::fetch_to_l2(address);
}

TEST_F(SimulatorFetch, RefusesWhatWasNotAllocated) {
  const Tensor x = on_cuda(random_tensor({4}, 1));
  const auto fetch = [&](std::int64_t byte) {
    cuda::launch("fetch", fetch_kernel, {1, 1}, static_cast<const char*>(x.raw_data()) + byte);
  };
  fetch(15);
  EXPECT_THROW(fetch(16), Error);
}

// A panel of 16 columns is 16 K bytes of int8, half of that of int4: lines, and those of the most that is asked for.
TEST_F(SimulatorFetch, ABlockAsksForItsPanelOnce) {
  constexpr std::int64_t kColumns = 33, kPanels = 3;
  const auto asked = [&](std::int64_t m, std::int64_t k, std::int64_t group, int bits) {
    const ProductCase c{m, kColumns, k, group};
    const PackedWeight weight(random_codes(c, bits, false), bits == 4 ? PackedFormat::int4 : PackedFormat::int8);
    const PackedWeight moved = weight.to(DeviceKind::cuda);
    const QuantizedRows x = quantize_rows(on_cuda(random_tensor({m, k}, 3)), moved.layout());
    cuda::switches().early_start = cuda::EarlyStart::on;
    const Tensor usual = dynamic_linear(x, moved);
    EXPECT_EQ(lines_of([&] { dynamic_linear(x, moved); }), 0);
    cuda::switches().early_start = cuda::EarlyStart::fetch;
    return lines_of([&] { expect_equal(dynamic_linear(x, moved), usual); });
  };
  EXPECT_EQ(asked(1, 64, 64, 8), kPanels * 8);        // in rows
  EXPECT_EQ(asked(1, 64, 32, 8), kPanels * 8);        // in panels
  EXPECT_EQ(asked(1, 72, 72, 8), kPanels * 10);       // rows of 80 codes
  EXPECT_EQ(asked(2, 64, 32, 4), kPanels * 4);        // by dp4a,
  EXPECT_EQ(asked(5, 64, 32, 4), kPanels * 4);        // and on tensor cores
  EXPECT_EQ(asked(1, 8200, 8200, 4), kPanels * 512);  // 64 KiB and no more
}

TEST_F(SimulatorFetch, BlocksThatShareAWeightAskOnce) {
  const ProductCase c{4, 16, 64, 64};
  const Tensor x = on_cuda(random_tensor({8, c.k}, 3));
  const PackedWeight moved = PackedWeight(random_codes(c, 8, false), PackedFormat::int8).to(DeviceKind::cuda);
  const Tensor usual = weight_linear(x, moved);
  cuda::switches().early_start = cuda::EarlyStart::fetch;
  EXPECT_EQ(lines_of([&] { expect_equal(weight_linear(x, moved), usual); }), 8);  // two blocks of four rows
}

}  // namespace
}  // namespace octet::simulator_fetch_test
