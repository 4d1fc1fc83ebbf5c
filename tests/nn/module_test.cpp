#include "nn/layers/module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/layers/embedding.h"
#include "nn/layers/linear.h"

namespace octet::module_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

/// A layer that is not Linear, as quantization puts one in place.
class Doubling : public LinearBase {
 public:
  explicit Doubling(std::int64_t width) : width_(width) {}
  std::int64_t in_features() const override { return width_; }
  std::int64_t out_features() const override { return width_; }

  Parameter factor{*this, "factor", {1}};

 protected:
  Tensor forward(const LayerInput& input, const Epilogue&) override { return input.x; }

 private:
  std::int64_t width_;
};

class Pair : public Module {
 public:
  Child<LinearBase> first{*this, "first", std::make_unique<Linear>(2, 3, true)};
  Parameter scale{*this, "scale", {5}};
  Child<LinearBase> second{*this, "second", std::make_unique<Linear>(3, 3, false)};
};

class Stack : public Module {
 public:
  Stack() {
    pairs->append(std::make_unique<Pair>());
    pairs->append(std::make_unique<Pair>());
  }
  Child<ChildList<Pair>> pairs{*this, "pairs", std::make_unique<ChildList<Pair>>()};
};

std::vector<std::string> paths_of(Module& module) {
  std::vector<std::string> paths;
  for (const auto& named : module.parameters()) {
    paths.push_back(named.path);
  }
  return paths;
}

TEST(Module, ParametersHaveDottedNames) {
  Stack stack;
  EXPECT_THAT(paths_of(stack),
              ElementsAre("pairs.0.scale", "pairs.0.first.weight", "pairs.0.first.bias", "pairs.0.second.weight",
                          "pairs.1.scale", "pairs.1.first.weight", "pairs.1.first.bias", "pairs.1.second.weight"));
  EXPECT_EQ(stack.parameter_count(), 2 * (5 + 6 + 3 + 9));
}

TEST(Module, ParametersRequireGradients) {
  Pair pair;
  for (const auto& named : pair.parameters()) {
    EXPECT_TRUE(named.parameter->value().requires_grad()) << named.path;
  }
}

TEST(Module, WalkVisitsParentsFirst) {
  Stack stack;
  std::vector<std::string> paths;
  stack.for_each_child([&](const std::string& path, ChildSlot&) { paths.push_back(path); });
  EXPECT_THAT(paths, ElementsAre("pairs", "pairs.0", "pairs.0.first", "pairs.0.second", "pairs.1", "pairs.1.first",
                                 "pairs.1.second"));
}

TEST(Module, WalkReplacesAndGoesOnBelowTheReplacement) {
  Stack stack;
  stack.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (path == "pairs.1.second") {
      slot.replace(std::make_unique<Doubling>(3));
    }
  });
  EXPECT_NE(dynamic_cast<Doubling*>(&*(*stack.pairs)[1].second), nullptr);
  EXPECT_THAT(paths_of((*stack.pairs)[1]), ElementsAre("scale", "first.weight", "first.bias", "second.factor"));
}

TEST(Module, SlotRefusesAnotherType) {
  Pair pair;
  EXPECT_THAT([&] { pair.first.replace(std::make_unique<Embedding>(4, 4)); },
              Throws<Error>(Property(&Error::what, HasSubstr("the slot \"first\" cannot hold"))));
  EXPECT_EQ(pair.first->out_features(), 3);  // still there
}

TEST(Module, SlotsExchangeTheirModules) {
  Pair one, other;
  one.first.replace(std::make_unique<Doubling>(7));
  const LinearBase* doubling = &*one.first;
  const LinearBase* linear = &*other.second;
  one.first.exchange(other.second);
  EXPECT_EQ(&*one.first, linear);
  EXPECT_EQ(&*other.second, doubling);
}

TEST(Module, SlotsOfDifferentTypesExchangeNothing) {
  Pair pair;
  Stack stack;
  const LinearBase* first = &*pair.first;
  EXPECT_THAT([&] { pair.first.exchange(stack.pairs); },
              Throws<Error>(Property(&Error::what, HasSubstr("the slots \"first\" and \"pairs\" hold modules of"))));
  EXPECT_EQ(&*pair.first, first);
  EXPECT_EQ(stack.pairs->size(), 2);
}

TEST(Module, NamesMustDiffer) {
  Pair pair;
  EXPECT_THAT([&] { Parameter(pair, "scale", {1}); },
              Throws<Error>(Property(&Error::what, HasSubstr("parameter names that differ, got \"scale\" twice"))));
  EXPECT_THAT([&] { Child<Linear>(pair, "first", std::make_unique<Linear>(1, 1, false)); },
              Throws<Error>(Property(&Error::what, HasSubstr("child names that differ, got \"first\" twice"))));
}

TEST(Parameter, SetValueChecksTheShape) {
  Pair pair;
  pair.scale.set_value(Tensor::full({5}, 2.0F));
  EXPECT_THAT(pair.scale.value().to_vector(), testing::Each(2.0F));
  EXPECT_THAT([&] { pair.scale.set_value(Tensor::zeros({4})); },
              Throws<Error>(Property(&Error::what, HasSubstr("expected f32 (5) for \"scale\", got f32 (4)"))));
}

TEST(Parameter, ClearGradients) {
  Pair pair;
  pair.scale.value().set_grad(Tensor::zeros({5}));
  pair.clear_gradients();
  EXPECT_FALSE(pair.scale.value().grad().defined());
}

TEST(LinearBase, ObserverSeesTheInput) {
  Pair pair;
  pair.second.replace(std::make_unique<Doubling>(3));
  Shape seen;
  pair.second->observer = [&](const Tensor& x) { seen = x.shape(); };
  (*pair.second)(Tensor::zeros({4, 3}));
  EXPECT_EQ(seen, Shape({4, 3}));
}

}  // namespace
}  // namespace octet::module_test
