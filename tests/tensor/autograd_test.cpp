#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/autograd/gradient_check.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/cross_entropy.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/reduce.h"

namespace octet::autograd_test {
namespace {

using testing::HasSubstr;

Tensor leaf(float value) {
  return Tensor::full({2}, value).set_requires_grad(true);
}

TEST(Autograd, SumsTheGradientsOfAllUses) {
  const Tensor x = leaf(3.0F);
  backward(sum(add(mul(x, x), x)));  // d(x^2 + x)/dx = 2 x + 1
  EXPECT_EQ(x.grad().to_vector(), std::vector<float>({7, 7}));
}

TEST(Autograd, AddsToTheGradientOfAnEarlierBackward) {
  const Tensor x = leaf(3.0F);
  backward(sum(x));
  backward(sum(scale(x, 2.0F)));
  EXPECT_EQ(x.grad().to_vector(), std::vector<float>({3, 3}));
  x.clear_grad();
  EXPECT_FALSE(x.grad().defined());
}

TEST(Autograd, ALeafWithoutGradientGetsNone) {
  const Tensor x = leaf(3.0F), constant = Tensor::full({2}, 2.0F);
  backward(sum(mul(x, constant)));
  EXPECT_FALSE(constant.grad().defined());
  EXPECT_EQ(x.grad().to_vector(), std::vector<float>({2, 2}));
}

TEST(Autograd, RefusesAGraphThatWasUsed) {
  const Tensor y = sum(leaf(1.0F));
  backward(y);
  try {
    backward(y);
    FAIL() << "the second backward() passed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("sum: an earlier backward() has already used this graph"));
  }
}

TEST(Autograd, RefusesATensorWithoutHistory) {
  EXPECT_THROW(backward(Tensor::full({2}, 1.0F)), Error);
  const NoGrad no_grad;
  EXPECT_THROW(backward(sum(leaf(1.0F))), Error);
}

TEST(Autograd, ChecksTheShapeOfEveryGradient) {
  const Tensor x = leaf(1.0F);
  const Tensor y = record("broken", {x}, Tensor::full({2}, 1.0F),
                          [](const Tensor&) { return std::vector<Tensor>{Tensor::full({3}, 1.0F)}; });
  try {
    backward(y);
    FAIL() << "a gradient of the wrong shape passed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("broken: expected a gradient of input 0 of f32 (2), got f32 (3)"));
  }
}

TEST(Autograd, ALossLeavesTheLogitsOrTakesTheirPlace) {
  const Tensor x = Tensor::from(std::vector<float>{0.5F, -1, 2, 1, 0, 3}, {2, 3});
  const Tensor targets = Tensor::from(std::vector<std::int32_t>{2, 0}, {2});
  const auto logits_and_gradient = [&](Logits after) {
    Tensor zero = Tensor::zeros({2, 3});
    zero.set_requires_grad(true);
    const Tensor logits = add(zero, x);
    backward(cross_entropy(logits, targets, after));
    return std::pair(logits.to_vector(), zero.grad().to_vector());
  };
  const auto [kept, gradient] = logits_and_gradient(Logits::keep);
  EXPECT_EQ(kept, x.to_vector());
  const auto [overwritten, same] = logits_and_gradient(Logits::overwrite);
  EXPECT_EQ(same, gradient);
  EXPECT_EQ(overwritten, gradient);
}

TEST(Autograd, ALongChainNeedsNoDeepStack) {
  const Tensor x = leaf(1.0F);
  Tensor y = x;
  for (int i = 0; i < 100000; ++i) {
    y = scale(y, 1.0F);
  }
  backward(sum(y));
  EXPECT_EQ(x.grad().to_vector(), std::vector<float>({1, 1}));
  Tensor unused = x;
  for (int i = 0; i < 100000; ++i) {
    unused = scale(unused, 1.0F);  // torn down without backward
  }
}

TEST(Autograd, DumpsTheGraph) {
  const Tensor x = leaf(1.0F);
  const std::string graph = dump_graph(sum(mul(x, scale(x, 2.0F))));
  EXPECT_THAT(graph, HasSubstr("n0 [label=\"sum\"]"));
  EXPECT_THAT(graph, HasSubstr("n1 [label=\"mul\"]"));
  EXPECT_THAT(graph, HasSubstr("n2 -> n1 [label=\"(2)\"]"));
}

TEST(GradientCheck, FindsAWrongGradient) {
  const auto wrong = [](const std::vector<Tensor>& x) {
    return record("wrong", {x[0]}, mul(x[0], x[0]).detach(), [in = x[0]](const Tensor& dy) {
      return std::vector<Tensor>{mul(dy, in)};  // half of 2 x dy
    });
  };
  EXPECT_THAT(gradient_check(wrong, {Tensor::full({3}, 2.0F)}), HasSubstr("input 0 of shape (3), element 0"));
}

}  // namespace
}  // namespace octet::autograd_test
