#include "quant/codebook_scale.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "quant/scales.h"
#include "tensor/formats/codebook_weight.h"
#include "tests/support/random_tensor.h"

namespace octet::codebook_scale_test {
namespace {

const Levels kTable4 = levels_of(Codebook::table4, default_table4_levels());

TEST(NearestLevel, IsTheNearestOfAnyOrder) {
  EXPECT_EQ(nearest_level(-2.0F, kNf4Levels), 0);
  EXPECT_EQ(nearest_level(2.0F, kNf4Levels), 15);
  EXPECT_EQ(nearest_level(0.0F, kNf4Levels), 7);
  EXPECT_EQ(nearest_level(-5.0F, kE2m1Levels), 14) << "-4, which comes before -6";
  EXPECT_EQ(nearest_level(100.0F, kE2m1Levels), 7);
  EXPECT_EQ(nearest_level(NAN, kE2m1Levels), 0);
  for (const Levels& levels : {kNf4Levels, kE2m1Levels, kTable4}) {
    const float reach = largest_magnitude(levels);
    for (float x = -1.2F * reach; x < 1.2F * reach; x += 0.0017F * reach) {
      const float got = std::fabs(levels[static_cast<std::size_t>(nearest_level(x, levels))] - x);
      for (const float level : levels) {
        ASSERT_LE(got, std::fabs(level - x)) << x;
      }
    }
  }
}

/// Blocks as they may come: random ones of any size, zeros, constants, subnormal numbers, one huge value, FP16's ends.
std::vector<std::vector<float>> awkward_blocks() {
  std::vector<std::vector<float>> blocks = {{0, 0, 0},
                                            {1.0F},
                                            {-1.0F, -1.0F, -1.0F, -1.0F},
                                            {1e-42F, -3e-43F, 0},
                                            {1e-30F, 1e-31F},
                                            {0.01F, -0.02F, 0.015F, 5000.0F, 0.02F},
                                            {-1e30F, 1.0F},
                                            {3e38F, -3e38F, 1e38F},
                                            {65504.0F, -65504.0F, 1.0F},
                                            {0x1p-24F, -0x1p-25F, 0x1p-26F}};
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::int64_t size = 1 + static_cast<std::int64_t>(seed) % 67;
    const float spread = std::ldexp(1.0F, static_cast<int>(seed % 30) - 20);
    blocks.push_back(random_tensor({size}, seed, spread, seed % 3 == 0 ? 2 * spread : 0.0F).to_vector());
  }
  return blocks;
}

std::vector<float> some_weights(std::size_t count) {
  std::vector<float> weights(count);
  for (std::size_t i = 0; i < count; ++i) {
    weights[i] = i % 5 == 3 ? 0.0F : static_cast<float>(i % 7);
  }
  return weights;
}

TEST(CodebookScale, SearchIsNeverWorseThanAbsmax) {
  for (const std::vector<float>& block : awkward_blocks()) {
    for (const Levels& levels : {kNf4Levels, kE2m1Levels, kTable4}) {
      for (const std::vector<float>& weights : {std::vector<float>{}, some_weights(block.size())}) {
        const float found = find_codebook_scale(block, weights, levels);
        const float absmax = nearest_fp16(largest_magnitude(block) / largest_magnitude(levels));
        ASSERT_EQ(found, nearest_fp16(found)) << "a scale that FP16 holds";
        ASSERT_TRUE(std::isfinite(found));
        ASSERT_LE(codebook_error(block, weights, levels, found), codebook_error(block, weights, levels, absmax))
            << block[0] << ", " << block.size() << " values";
      }
    }
  }
}

// The search against all scales: how much of the possible gain it finds. Dense scales of either sign in steps of 0.1 %.
TEST(CodebookScale, SearchFindsNearlyTheBest) {
  constexpr double kShare = 1.01;  // of the sum of the best errors; measured 1.0025 for table4
  for (const Levels& levels : {kNf4Levels, kE2m1Levels, kTable4}) {
    double found = 0, best = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      const std::vector<float> block = random_tensor({32}, seed).to_vector();
      double least = std::numeric_limits<double>::infinity();
      const float absmax = largest_magnitude(block) / largest_magnitude(levels);
      for (float factor = 0.5F; factor < 2.0F; factor *= 1.001F) {
        for (const float sign : {1.0F, -1.0F}) {
          least = std::min(least, codebook_error(block, {}, levels, nearest_fp16(sign * factor * absmax)));
        }
      }
      found += codebook_error(block, {}, levels, find_codebook_scale(block, {}, levels));
      best += least;
    }
    EXPECT_LE(found, kShare * best);
  }
}

TEST(CodebookScale, ValuesOnLevelsAreFoundExactly) {
  for (const float scale : {0.25F, -0.25F, 0x1p-10F}) {
    std::vector<float> block;
    for (const float level : kTable4) {
      block.push_back(level * scale);
    }
    EXPECT_EQ(find_codebook_scale(block, {}, kTable4), scale);
  }
}

// The table reaches further to the negative side, so the sign of the largest weight chooses that of the scale.
TEST(CodebookScale, BothSignsAreTried) {
  std::vector<float> block = random_tensor({32}, 5).to_vector();
  const float found = find_codebook_scale(block, {}, kTable4);
  for (float& value : block) {
    value = -value;
  }
  EXPECT_EQ(find_codebook_scale(block, {}, kTable4), -found);
}

TEST(CodebookScale, ZerosHaveTheScale0) {
  EXPECT_EQ(find_codebook_scale(std::vector<float>(5), {}, kTable4), 0.0F);
}

// A weight with no importance may be anything.
TEST(CodebookScale, WeightsOf0AreNotSeen) {
  const std::vector<float> block = {100.0F, 0.25F * 113, 0.25F * -127, 0.25F}, weights = {0, 1, 1, 1};
  const float found = find_codebook_scale(block, weights, kTable4);
  EXPECT_LE(codebook_error(block, weights, kTable4, found),
            codebook_error(block, weights, kTable4, nearest_fp16(100.0F / 127)));
}

TEST(CodebookScale, TriesOnlyScalesThatCanBeStored) {
  const std::vector<float> block = random_tensor({32}, 9).to_vector();
  const auto power = [](float scale) { return std::ldexp(1.0F, std::ilogb(scale)); };
  const float found = find_codebook_scale(block, {}, kE2m1Levels, power);
  EXPECT_EQ(found, power(found));
}

}  // namespace
}  // namespace octet::codebook_scale_test
