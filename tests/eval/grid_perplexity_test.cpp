#include "eval/experiments/grid_perplexity.h"

#include <cmath>

#include <gtest/gtest.h>

#include "eval/outliers/inject.h"
#include "tests/eval/tiny_models.h"

namespace octet::grid_perplexity_test {
namespace {

double increase(const std::vector<Interval>& all, InputGrid grid) {
  return all[static_cast<std::size_t>(grid)].mean;
}

std::unique_ptr<Gpt> random_model() {
  auto model = std::make_unique<Gpt>(tiny_config(Architecture::llama));
  fill_randomly(*model, 3);
  return model;
}

TEST(GridPerplexity, PlantedChannelsHurtAllButAScalePerChannel) {
  const std::unique_ptr<Gpt> model = random_model();
  inject_outliers(*model, {.channels = {4}, .exponent = 7});
  const std::vector<Interval> all = grid_perplexity(*model, 8, tiny_windows(6, 16));
  ASSERT_EQ(all.size(), kInputGrids.size());
  // Seen: +26 %, +26 %, -6.5 % and +0.2 %; what a random model says of a text is luck, so that sizes count.
  const double kept = std::abs(increase(all, InputGrid::channel));
  EXPECT_LT(kept, 0.005);
  EXPECT_GT(std::abs(increase(all, InputGrid::whole)), 5 * kept);
  EXPECT_GT(std::abs(increase(all, InputGrid::token)), 5 * kept);
  for (const Interval& change : all) EXPECT_TRUE(change.low <= change.mean && change.mean <= change.high);
}

TEST(GridPerplexity, MoreBitsCostLessAndTheModelStaysAsItWas) {
  const std::unique_ptr<Gpt> model = random_model();
  const std::vector<Window> windows = tiny_windows(6, 16);
  const Tensor ids = random_ids(2, 8, 23, 1);
  const std::vector<float> before = model->forward(ids).to_vector();
  const std::vector<Interval> four = grid_perplexity(*model, 4, windows), eight = grid_perplexity(*model, 8, windows);
  for (std::size_t i = 0; i < four.size(); ++i) {
    EXPECT_LT(std::abs(eight[i].mean), std::abs(four[i].mean)) << i;
  }
  EXPECT_EQ(model->forward(ids).to_vector(), before);
}

}  // namespace
}  // namespace octet::grid_perplexity_test
