#include "tensor/cuda/runtime/chips.h"

#include <gtest/gtest.h>

namespace octet::cuda::chips_test {
namespace {

TEST(Chips, MachineCodeRunsOnChipsOfItsGeneration) {
  EXPECT_TRUE(chip_is_covered("90-real", 9, 0));
  EXPECT_TRUE(chip_is_covered("80-real", 8, 6));
  EXPECT_FALSE(chip_is_covered("86-real", 8, 0));
  EXPECT_FALSE(chip_is_covered("90-real", 10, 0));
  EXPECT_FALSE(chip_is_covered("90-real", 8, 9));
}

TEST(Chips, PtxRunsOnLaterChips) {
  EXPECT_TRUE(chip_is_covered("80-virtual", 12, 0));
  EXPECT_FALSE(chip_is_covered("120-virtual", 9, 0));
  EXPECT_TRUE(chip_is_covered("80", 9, 0));  // both kinds
  EXPECT_FALSE(chip_is_covered("90", 8, 9));
}

TEST(Chips, CodeForOneChipRunsThereAlone) {
  EXPECT_TRUE(chip_is_covered("90a-real", 9, 0));
  EXPECT_FALSE(chip_is_covered("90a", 10, 0));
}

TEST(Chips, AnyEntryOfTheListIsEnough) {
  EXPECT_TRUE(chip_is_covered("80-real,90-real,120-virtual", 9, 0));
  EXPECT_FALSE(chip_is_covered("80-real,90-real", 12, 0));
  EXPECT_TRUE(chip_is_covered("all-major", 8, 0));
  EXPECT_FALSE(chip_is_covered("", 9, 0));
}

}  // namespace
}  // namespace octet::cuda::chips_test
