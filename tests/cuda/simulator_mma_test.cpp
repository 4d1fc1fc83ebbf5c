#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/cuda/product_words.h"

// What the simulator refuses of the products that mma_test.cpp computes.

namespace octet::cuda::simulator_mma_test {
namespace {

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
}  // namespace octet::cuda::simulator_mma_test
