#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "tensor/cuda/mma.h"
#include "tensor/cuda/runtime.h"
#include "tests/cuda/schedules.h"

// One product of a warp against plain loops, with the places of fragments as the PTX ISA draws them.

namespace octet::cuda {
namespace {

/// d (16, 8) = a (16, 8 words) b (8 columns of 8 words)^T. `lanes` of the warp take part.
template <typename Word>
__global__ void one_product(const Word* a, const Word* b, Word* d, int lanes) {
  const int g = fragment_group(), t = fragment_member();
  const Word of_a[4] = {a[g * 8 + t], a[(g + 8) * 8 + t], a[g * 8 + t + 4], a[(g + 8) * 8 + t + 4]};
  const Word of_b[2] = {b[g * 8 + t], b[g * 8 + t + 4]};
  Word of_d[4] = {};
  if (lane_id() < lanes) {
    multiply_fragments(of_a, of_b, of_d);
  }
  d[g * 8 + 2 * t] = of_d[0];
  d[g * 8 + 2 * t + 1] = of_d[1];
  d[(g + 8) * 8 + 2 * t] = of_d[2];
  d[(g + 8) * 8 + 2 * t + 1] = of_d[3];
}

/// What the kernel leaves.
template <typename Word>
std::vector<Word> multiply_words(const std::vector<Word>& a, const std::vector<Word>& b, int lanes = kWarp) {
  constexpr std::size_t kBytes = 256 * sizeof(Word);
  auto* memory = static_cast<Word*>(allocate(kBytes));
  copy_to_device(memory, a.data(), 128 * sizeof(Word));
  copy_to_device(memory + 128, b.data(), 64 * sizeof(Word));
  auto* d = static_cast<Word*>(allocate(kBytes));
  launch("one_product", one_product<Word>, {1, kWarp}, memory, memory + 128, d, lanes);
  std::vector<Word> result(128);
  copy_to_host(result.data(), d, 128 * sizeof(Word));
  release(memory, kBytes);
  release(d, kBytes);
  return result;
}

TEST(SimulatorMma, MultipliesTf32) {
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

TEST(SimulatorMma, MultipliesFourCodesOfEachWord) {
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

TEST(SimulatorMma, RoundsToTf32) {
  EXPECT_EQ(to_tf32(1.0F), 1.0F);
  EXPECT_EQ(to_tf32(1.0F + 0x1p-11F), 1.0F + 0x1p-10F);  // a tie, away from zero
  EXPECT_EQ(to_tf32(-1.0F - 0x1p-11F), -1.0F - 0x1p-10F);
  EXPECT_EQ(to_tf32(1.0F + 0x1p-12F), 1.0F);
  EXPECT_EQ(to_tf32(INFINITY), INFINITY);
}

TEST(SimulatorMma, RefusesWhatWasNotRoundedAndALaneThatStaysAway) {
  const std::vector<float> words(128, 0.1F), ones(128, 1.0F);
  const auto error_of = [](auto body) -> std::string {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(error_of([&] { multiply_words(words, words); }).find("rounded by to_tf32"), std::string::npos);
  const std::string missing = error_of([&] { multiply_words(ones, ones, 31); });
  EXPECT_NE(missing.find("wait at a product"), std::string::npos) << missing;
  EXPECT_EQ(multiply_words(ones, ones), std::vector<float>(128, 8.0F));  // it goes on afterwards
}

}  // namespace
}  // namespace octet::cuda
