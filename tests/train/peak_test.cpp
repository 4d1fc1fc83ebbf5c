#include "train/peak.h"

#include <gtest/gtest.h>

#include "tests/train/training_sample.h"

namespace octet {
namespace {

// Bounds that any machine keeps and a mistake of a factor of 1000 in the units does not.
TEST(Peak, IsThatOfOneThreadOfAProcessor) {
  const OneThread one_thread;
  const double flops = measure_peak_flops();
  EXPECT_GT(flops, 1e8);
  EXPECT_LT(flops, 1e12);
}

}  // namespace
}  // namespace octet
