// What every operation refuses, and the smallest shapes that it takes: a vector where rows of any number are allowed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/formats/any_weight.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/attention.h"
#include "tensor/ops/cached_attention.h"
#include "tensor/ops/cross_entropy.h"
#include "tensor/ops/dropout.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/embedding.h"
#include "tensor/ops/head_gate.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/matmul.h"
#include "tensor/ops/norm.h"
#include "tensor/ops/outlier_linear.h"
#include "tensor/ops/reduce.h"
#include "tensor/ops/rope.h"
#include "tensor/ops/softmax.h"
#include "tensor/ops/view.h"
#include "tensor/ops/weight_linear.h"
#include "tests/support/error_of.h"

namespace octet {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

Tensor vector_of(const std::vector<float>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

Tensor ids_of(const std::vector<std::int32_t>& ids) {
  return Tensor::from(ids, {static_cast<std::int64_t>(ids.size())});
}

/// (2, 3): rows (1, 2, 3) and (4, 5, 6), each code times 1.
PackedWeight small_weight(PackedFormat format = PackedFormat::int8) {
  return PackedWeight(Codes{Tensor::from(std::vector<std::int8_t>{1, 2, 3, 4, 5, 6}, {2, 3}), Tensor::full({2}, 1.0F),
                            format == PackedFormat::int8 ? 8 : 4, Granularity::per_channel, 0},
                      format);
}

PackedWeight half_weight() {
  return pack(HalfWeight(Tensor::zeros({2, 3}, DType::f16)));
}

const Tensor kOne = Tensor::full({}, 1.0F);  // no dimension at all

TEST(OpsTakeAVector, WhereRowsOfAnyNumberAreAllowed) {
  const Tensor x = vector_of({1, 1, 1});
  EXPECT_THAT(softmax(x).to_vector(), ElementsAre(FloatEq(1 / 3.0F), FloatEq(1 / 3.0F), FloatEq(1 / 3.0F)));
  EXPECT_THAT(weight_linear(x, small_weight()).to_vector(), ElementsAre(6, 15));
  EXPECT_THAT(weight_linear(x, small_weight(PackedFormat::int4)).to_vector(), ElementsAre(6, 15));
  EXPECT_THAT(dynamic_linear(x, small_weight()).to_vector(), ElementsAre(FloatEq(6), FloatEq(15)));
  EXPECT_THAT(outlier_linear(x, 6.0F, small_weight()).to_vector(), ElementsAre(FloatEq(6), FloatEq(15)));
  EXPECT_THAT(linear(x, Tensor::full({2, 3}, 2.0F)).to_vector(), ElementsAre(6, 6));
  EXPECT_THAT(layer_norm(x, x, x).to_vector(), ElementsAre(1, 1, 1));
  EXPECT_THAT(rms_norm(x, x, 0.0F).to_vector(), ElementsAre(1, 1, 1));
  EXPECT_THAT(add(x, kOne).to_vector(), ElementsAre(2, 2, 2));
  EXPECT_FLOAT_EQ(cross_entropy(x, Tensor::from(std::vector<std::int32_t>{2}, {})).to_vector().front(), std::log(3.0F));
  EXPECT_THAT(outlier_columns(vector_of({1, -8, 7}), 7.0F), ElementsAre(1, 2));
}

TEST(OpsRefuse, WhatHasNoRows) {
  EXPECT_EQ(error_of([] { softmax(kOne); }), "[softmax] expected at least 1 dimensions, got shape ()");
  EXPECT_EQ(error_of([] { weight_linear(kOne, small_weight()); }),
            "[weight_linear] expected at least 1 dimensions, got shape ()");
  EXPECT_EQ(error_of([] { dynamic_linear(kOne, small_weight()); }),
            "[quantize_rows] expected at least 1 dimensions, got shape ()");
  EXPECT_EQ(error_of([] { outlier_linear(kOne, 6.0F, small_weight()); }),
            "[outlier_linear] expected at least 1 dimensions, got shape ()");
  EXPECT_EQ(error_of([] { outlier_columns(kOne, 6.0F); }),
            "[outlier_columns] expected at least 1 dimensions, got shape ()");
  EXPECT_EQ(error_of([] {
              linear(kOne, Tensor::zeros({2, 3}));
            }),
            "[linear] expected at least 1 dimensions, got shape ()");
  EXPECT_EQ(error_of([] { layer_norm(kOne, kOne, kOne); }),
            "[layer_norm] expected at least 1 dimensions, got shape ()");
  EXPECT_EQ(error_of([] { rms_norm(kOne, kOne); }), "[rms_norm] expected at least 1 dimensions, got shape ()");
  EXPECT_EQ(error_of([] { cross_entropy(kOne, ids_of({0})); }),
            "[cross_entropy] expected at least 1 dimensions, got shape ()");
  EXPECT_EQ(error_of([] {
              matmul(vector_of({1, 2}), Tensor::zeros({2, 2}));
            }),
            "[matmul] expected at least 2 dimensions, got shape (2)");
  EXPECT_EQ(error_of([] {
              matmul(Tensor::zeros({2, 2}), vector_of({1, 2}));
            }),
            "[matmul] expected at least 2 dimensions, got shape (2)");
  EXPECT_EQ(error_of([] {
              embedding(ids_of({0}), vector_of({1, 2}));
            }),
            "[embedding] expected at least 2 dimensions, got shape (2)");
}

TEST(OpsRefuse, EmptyRowsThatHaveNoMeaning) {
  EXPECT_EQ(error_of([] {
              softmax(Tensor::zeros({2, 0}));
            }),
            "[softmax] expected at least one column, got shape (2, 0)");
  EXPECT_EQ(error_of([] { softmax(Tensor::zeros({0})); }), "[softmax] expected at least one column, got shape (0)");
  EXPECT_EQ(error_of([] { mean(Tensor::zeros({0})); }), "[mean] expected at least one element, got shape (0)");
  EXPECT_EQ(error_of([] {
              cross_entropy(Tensor::zeros({0, 3}), ids_of({}));
            }),
            "[cross_entropy] expected at least one row, got logits (0, 3)");
}

TEST(OpsRefuse, IdsOutsideTheirRange) {
  const Tensor logits = Tensor::zeros({1, 3}), table = Tensor::zeros({3, 2});
  for (const std::int32_t wrong : {-1, 3}) {
    EXPECT_EQ(error_of([&] { cross_entropy(logits, ids_of({wrong})); }),
              fmt::format("[cross_entropy] expected targets from 0 to 2, got {}", wrong));
    EXPECT_EQ(error_of([&] { token_nll(logits, ids_of({wrong})); }),
              fmt::format("[cross_entropy] expected targets from 0 to 2, got {}", wrong));
    EXPECT_EQ(error_of([&] { embedding(ids_of({wrong}), table); }),
              fmt::format("[embedding] expected ids from 0 to 2, got {}", wrong));
  }
  for (const std::int32_t right : {0, 2}) {
    EXPECT_EQ(error_of([&] { cross_entropy(logits, ids_of({right})); }), "no error");
    EXPECT_EQ(error_of([&] { embedding(ids_of({right}), table); }), "no error");
  }
  EXPECT_EQ(error_of([&] {
              cross_entropy(logits, ids_of({0, 1}));
            }),
            "[cross_entropy] expected a target for each row of logits (1, 3), got targets (2)");
  EXPECT_EQ(error_of([&] {
              cross_entropy(logits, Tensor::from(std::vector<std::int32_t>{0}, {1, 1}));
            }),
            "[cross_entropy] expected a target for each row of logits (1, 3), got targets (1, 1)");
}

TEST(OpsRefuse, ShapesThatDoNotFit) {
  const Tensor x = Tensor::zeros({2, 3}), other = Tensor::zeros({2, 4}), four = Tensor::zeros({4});
  EXPECT_EQ(error_of([&] {
              concat({x, four});
            }),
            "[concat] expected parts that differ in their last dimension alone, got (2, 3) and (4)");
  EXPECT_EQ(error_of([&] { concat({}); }), "[concat] expected parts, got none");
  EXPECT_EQ(error_of([&] { head_gate(other, x); }),
            "[head_gate] expected x (..., H D) and logits (..., H), got (2, 4) and (2, 3)");
  EXPECT_EQ(error_of([&] { mul(x, other); }), "[mul] expected equal shapes, got (2, 3) and (2, 4)");
  EXPECT_EQ(error_of([&] { swiglu(x, other); }), "[swiglu] expected equal shapes, got (2, 3) and (2, 4)");
  EXPECT_NE(error_of([&] { add(x, other); }), "no error");
  EXPECT_NE(error_of([&] { add(four, x); }), "no error");
  EXPECT_EQ(error_of([&] { layer_norm(x, four, Tensor::zeros({3})); }),
            "[layer_norm] expected a gain of shape (3), got (4)");
  EXPECT_EQ(error_of([&] { layer_norm(x, Tensor::zeros({3}), four); }),
            "[layer_norm] expected a bias of shape (3), got (4)");
  EXPECT_EQ(error_of([&] { rms_norm(x, four); }), "[rms_norm] expected a gain of shape (3), got (4)");
  EXPECT_NE(error_of([&] { linear(x, other); }), "no error");
  EXPECT_EQ(error_of([&] { linear(x, x, four); }), "[linear] expected a bias of shape (2), got (4)");
  EXPECT_NE(error_of([&] { matmul(x, other); }), "no error");
  EXPECT_NE(error_of([&] { matmul(Tensor::zeros({2, 2, 3}), Tensor::zeros({1, 3, 2})); }), "no error");
  EXPECT_EQ(error_of([&] { weight_linear(other, small_weight()); }), "[weight_linear] expected x (..., 3), got (2, 4)");
  EXPECT_EQ(error_of([&] { weight_linear(x, small_weight(), four); }),
            "[weight_linear] expected a bias of shape (2), got (4)");
  EXPECT_EQ(error_of([&] { dynamic_linear(other, small_weight()); }),
            "[quantize_rows] expected x (..., 3), got (2, 4)");
  EXPECT_EQ(error_of([&] { dynamic_linear(x, small_weight(), four); }),
            "[dynamic_linear] expected a bias of shape (2), got (4)");
  EXPECT_EQ(error_of([&] { dynamic_linear(x, half_weight()); }),
            "[dynamic_linear] expected a weight with integer codes");
  EXPECT_EQ(error_of([&] { integer_product(quantize_rows(x, small_weight().layout()), half_weight()); }),
            "[integer_product] expected a weight with integer codes");
  EXPECT_EQ(error_of([&] { dynamic_linear(x, small_weight(), {}, Epilogue::swiglu(x)); }),
            "[dynamic_linear] expected equal shapes, got (2, 3) and (2, 2)");
}

TEST(OpsRefuse, ViewsBeyondTheTensor) {
  const Tensor x = Tensor::zeros({2, 3});
  EXPECT_NE(error_of([&] { slice(x, 1, 1, 4); }), "no error");
  EXPECT_NE(error_of([&] { slice(x, 1, -1, 2); }), "no error");
  EXPECT_NE(error_of([&] { slice(x, 1, 2, 1); }), "no error");
  EXPECT_EQ(slice(x, 1, 3, 3).shape(), (Shape{2, 0}));
  EXPECT_NE(error_of([&] { reshape(x, {4, -1}); }), "no error");
  EXPECT_NE(error_of([&] { reshape(x, {-1, -1}); }), "no error");
  EXPECT_NE(error_of([&] { reshape(x, {-2, 3}); }), "no error");
  EXPECT_EQ(reshape(x, {3, -1}).shape(), (Shape{3, 2}));
  EXPECT_EQ(reshape(x, {6}).shape(), Shape{6});
}

TEST(OpsRefuse, NumbersOutsideTheirRange) {
  const Tensor x = Tensor::zeros({1, 1, 12});
  for (const float wrong : {-0.1F, 1.0F}) {
    EXPECT_EQ(error_of([&] { dropout(x, wrong, 1, 1); }),
              fmt::format("[dropout] expected a probability from 0 to below 1, got {}", wrong));
  }
  EXPECT_EQ(error_of([&] { dropout(x, 0.0F, 1, 1); }), "no error");
  EXPECT_EQ(error_of([&] { outlier_columns(x, -1.0F); }),
            "[outlier_columns] expected a threshold of at least 0, got -1");
  EXPECT_EQ(error_of([&] {
              static_linear(Tensor::zeros({1, 3}), 0.0F, small_weight());
            }),
            "[static_linear] expected a positive scale, got 0");
  EXPECT_EQ(error_of([&] { rope(Tensor::zeros({1, 1, 9}), {1, 1, 3}); }), "[rope] expected an even head size, got 3");
  EXPECT_EQ(error_of([&] { rope(x, {1, 1, 4}, 10000.0F, -1); }), "[rope] expected positions from 0 on, got -1");
  EXPECT_EQ(error_of([&] {
              causal_attention(x, {1, 1, 5});
            }),
            "[attention] expected qkv of shape (B, T, 15), got (1, 1, 12)");
  EXPECT_NE(error_of([&] { causal_attention(Tensor::zeros({1, 1, 28}), {3, 2, 4}); }), "no error");
  for (const float wrong : {0.1F, std::nanf("")}) {
    EXPECT_EQ(error_of([&] {
                causal_attention(x, {1, 1, 4}, wrong);
              }),
              fmt::format("[attention] expected gamma of at most 0, got {}", wrong));
  }
  EXPECT_NE(error_of([&] { causal_attention(Tensor::zeros({1, 12}), {1, 1, 4}); }), "no error");
}

TEST(OpsRefuse, ACacheOfAnotherShape) {
  const HeadLayout layout = {2, 1, 4};
  const Tensor qkv = Tensor::zeros({1, 2, layout.width()});
  const auto with_cache = [&](std::int64_t batch, std::int64_t heads, std::int64_t size, std::int64_t past) {
    const KvLayer cache(batch, heads, 3, size, KvFormat::f32);
    return error_of([&] { cached_attention(qkv, layout, cache, past); });
  };
  EXPECT_EQ(with_cache(1, 1, 4, 1), "no error");
  EXPECT_EQ(with_cache(1, 1, 4, 0), "no error");
  EXPECT_NE(with_cache(2, 1, 4, 0), "no error");
  EXPECT_NE(with_cache(1, 2, 4, 0), "no error");
  EXPECT_NE(with_cache(1, 1, 8, 0), "no error");
  EXPECT_NE(with_cache(1, 1, 4, -1), "no error");
  EXPECT_NE(with_cache(1, 1, 4, 2), "no error");
}

/// What was recorded with a number of positions on the device would be replayed with that of the recording.
TEST(OpsRefuse, ClippedAttentionWithItsPastOnTheDevice) {
  const HeadLayout layout = {2, 1, 4};
  const KvLayer cache(1, 1, 3, 4, KvFormat::f32);
  const std::int32_t past = 1;
  const std::string error = error_of([&] {
    cached_attention(Tensor::zeros({1, 1, layout.width()}), layout, cache, Past(2, &past), {}, -0.1F);
  });
  EXPECT_THAT(error, testing::HasSubstr("and no clipping, got 1 with gamma -0.1"));
  EXPECT_EQ(error_of([&] {
              cached_attention(Tensor::zeros({1, 1, layout.width()}), layout, cache, 2, {}, 0.1F);
            }),
            "[attention] expected gamma of at most 0, got 0.1");
}

}  // namespace
}  // namespace octet
