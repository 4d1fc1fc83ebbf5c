#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/parallel.h"
#include "tests/train/optimizer_sample.h"
#include "train/optim/gradient_clip.h"

namespace octet::clip_test {
namespace {

TEST(Clip, NormIsTheRootOfAllSquares) {
  LooseParameters model({{"a", {2}}, {"b", {1, 2}}});
  model[0].value().set_grad(Tensor::from<float>({1.0F, -2.0F}, {2}));
  model[1].value().set_grad(Tensor::from<float>({2.0F, 4.0F}, {1, 2}));
  EXPECT_EQ(gradient_norm(model.parameters()), 5.0);
}

TEST(Clip, NormIsTheSameForAnyNumberOfThreads) {
  LooseParameters model({{"a", {1000, 301}}, {"b", {77}}});
  model.set_random_gradients(0);
  const int before = thread_count();
  set_thread_count(1);
  const double one = gradient_norm(model.parameters());
  set_thread_count(3);
  const double three = gradient_norm(model.parameters());
  set_thread_count(before);
  EXPECT_EQ(one, three);
}

TEST(Clip, NormShowsWhatIsNotFinite) {
  LooseParameters model({{"a", {2}}});
  model[0].value().set_grad(Tensor::from<float>({1.0F, std::numeric_limits<float>::quiet_NaN()}, {2}));
  EXPECT_TRUE(std::isnan(gradient_norm(model.parameters())));
  model[0].value().set_grad(Tensor::from<float>({1.0F, std::numeric_limits<float>::infinity()}, {2}));
  EXPECT_TRUE(std::isinf(gradient_norm(model.parameters())));
}

TEST(Clip, ScalesOnlyWhatIsTooLong) {
  EXPECT_EQ(clip_scale(4.0, 1.0), 0.25F);
  EXPECT_EQ(clip_scale(1.0, 1.0), 1.0F);
  EXPECT_EQ(clip_scale(0.0, 1.0), 1.0F);
  EXPECT_EQ(clip_scale(1000.0, 0.0), 1.0F);
}

}  // namespace
}  // namespace octet::clip_test
