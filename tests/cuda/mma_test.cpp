#include <cmath>
#include <random>
#include <vector>

#include "tests/cuda/cuda_test.h"
#include "tests/cuda/product_words.h"

// One product of a warp against plain loops, with the places of fragments as the PTX ISA draws them. On a GPU this is
// the instruction alone: where these fail, nothing of attention or of int8 products can be right.

namespace octet::cuda::mma_test {
namespace {

using CudaMma = CudaTest;

TEST_F(CudaMma, MultipliesTf32) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> number(-100, 100);  // whose products and sums are exact
  std::vector<float> a(128), b(64), expected(128);
  for (float& x : a) {
    x = static_cast<float>(number(random));
  }
  for (float& x : b) {
    x = static_cast<float>(number(random));
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t k = 0; k < 8; ++k) {
      expected[i] += a[i / 8 * 8 + k] * b[i % 8 * 8 + k];
    }
  }
  under_every_schedule([&] { EXPECT_EQ(multiply_words(a, b), expected); });
}

TEST_F(CudaMma, MultipliesFourCodesOfEachWord) {
  std::mt19937 random(2);
  std::vector<int> a(128), b(64), expected(128);
  for (int& x : a) {
    x = static_cast<int>(random());
  }
  for (int& x : b) {
    x = static_cast<int>(random());
  }
  const auto code = [](const std::vector<int>& words, std::size_t row, std::size_t k) {
    return static_cast<std::int8_t>(words[row * 8 + k / 4] >> 8 * (k % 4));
  };
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t k = 0; k < 32; ++k) {
      expected[i] += code(a, i / 8, k) * code(b, i % 8, k);
    }
  }
  under_every_schedule([&] { EXPECT_EQ(multiply_words(a, b), expected); });
}

TEST_F(CudaMma, LoadsFragmentsFromSharedMemory) {
  std::mt19937 random(3);
  std::vector<int> a(128), b(128), expected(256);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<int>(random());
    b[i] = static_cast<int>(random());
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t k = 0; k < 32; ++k) {
      const auto code = [k](int word) { return static_cast<std::int8_t>(word >> 8 * (k % 4)); };
      expected[i] += code(a[i / 16 * 8 + k / 4]) * code(b[i % 16 * 8 + k / 4]);
    }
  }
  const Tensor a_there = on_cuda(Tensor::from(a, {16, 8})), b_there = on_cuda(Tensor::from(b, {16, 8}));
  under_every_schedule([&] {
    const Tensor d = on_cuda(Tensor::from(std::vector<int>(256), {16, 16}));
    product_from_shared(a_there.data<std::int32_t>(), b_there.data<std::int32_t>(), d.data<std::int32_t>());
    const Tensor back = d.to(DeviceKind::cpu);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), back.data<std::int32_t>()));
  });
}

TEST_F(CudaMma, RoundsToTf32) {
  const std::vector<float> x = {1.0F, 1.0F + 0x1p-11F, -1.0F - 0x1p-11F, 1.0F + 0x1p-12F, INFINITY};
  const Tensor there = on_cuda(Tensor::from(x, {5})), y = Tensor::full({5}, NAN, DeviceKind::cuda);
  round_to_tf32(there.data<float>(), y.data<float>(), 5);
  // Ties go away from zero.
  EXPECT_EQ(y.to_vector(), (std::vector<float>{1.0F, 1.0F + 0x1p-10F, -1.0F - 0x1p-10F, 1.0F, INFINITY}));
}

}  // namespace
}  // namespace octet::cuda::mma_test
