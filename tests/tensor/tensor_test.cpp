#include "tensor/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/half.h"
#include "tensor/ops/view.h"
#include "tests/support/error_of.h"

namespace octet::tensor_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor counting(const Shape& shape) {
  Tensor x = Tensor::empty(shape);
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    x.data<float>()[i] = static_cast<float>(i);
  }
  return x;
}

TEST(Shape, PrintsAndIndexesFromTheEnd) {
  const Shape shape = {8, 64, 128};
  EXPECT_EQ(shape.str(), "(8, 64, 128)");
  EXPECT_EQ(shape[-1], 128);
  EXPECT_EQ(shape.elements(), 65536);
  EXPECT_EQ(Shape({}).elements(), 1);
  EXPECT_EQ(shape.followed_by(3), (Shape{8, 64, 128, 3}));
  EXPECT_EQ(Shape({}).followed_by(3), Shape{3});
  EXPECT_THAT(error_of([&] { shape.followed_by(1).followed_by(1).followed_by(1); }),
              HasSubstr("expected at most 5 dimensions, got (8, 64, 128, 1, 1) and one more"));
  EXPECT_THAT(error_of([&] { shape[3]; }), HasSubstr("expected a dimension of (8, 64, 128), got 3"));
  EXPECT_THAT(error_of([] { Shape({1, 1, 1, 1, 1, 1}); }), HasSubstr("at most 5 dimensions, got 6"));
  EXPECT_THAT(error_of([] { Shape({2, -1}); }), HasSubstr("sizes of at least 0, got -1"));
}

TEST(Tensor, CopiesShareElementsAndClonesDoNot) {
  const Tensor x = counting({2, 3});
  const Tensor same = x, copy = x.clone();
  x.data<float>()[0] = 9.0F;
  EXPECT_EQ(same.data<float>()[0], 9.0F);
  EXPECT_EQ(copy.data<float>()[0], 0.0F);
}

TEST(Tensor, RefusesWrongAccess) {
  const Tensor x = counting({2, 3});
  EXPECT_THAT(error_of([&] { static_cast<void>(x.data<std::int32_t>()); }),
              HasSubstr("expected i32 elements, got f32 of shape (2, 3)"));
  EXPECT_THAT(error_of([&] { static_cast<void>(x.item()); }), HasSubstr("expected one element, got shape (2, 3)"));
  EXPECT_THAT(error_of([&] { static_cast<void>(Tensor().shape()); }), HasSubstr("got an undefined one"));
  EXPECT_THAT(error_of([&] {
                Tensor::from(std::vector<float>{1, 2}, {3});
              }),
              HasSubstr("3 values for shape (3), got 2"));
  EXPECT_THAT(error_of([&] { Tensor::zeros({2}, DType::i32).set_requires_grad(true); }),
              HasSubstr("expected f32, got i32"));
}

TEST(View, TransposeAndSliceShowTheSameElements) {
  const Tensor x = counting({2, 3});
  EXPECT_THAT(transpose(x, 0, 1).to_vector(), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(slice(x, 1, 1, 3).to_vector(), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(slice(x, 0, 1, 1).to_vector(), ElementsAre());
  EXPECT_FALSE(transpose(x, 0, 1).is_contiguous());
  x.data<float>()[3] = 7.0F;
  EXPECT_EQ(slice(x, 0, 1, 2).to_vector()[0], 7.0F);
}

TEST(View, ReshapeInfersOneSizeAndCopiesWhatIsNotContiguous) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(reshape(x, {3, -1}).shape(), Shape({3, 2}));
  EXPECT_THAT(reshape(transpose(x, 0, 1), {6}).to_vector(), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(error_of([&] { reshape(x, {4, -1}); }), HasSubstr("6 elements like (2, 3), got (4, 1)"));
  EXPECT_THAT(error_of([&] { reshape(x, {-1, -1}); }), HasSubstr("at most one -1"));
  EXPECT_THAT(error_of([&] { slice(x, 1, 2, 4); }), HasSubstr("within 0 to 3 of dimension 1 of (2, 3), got 2 to 4"));
}

TEST(Half, EveryFloat16SurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const Float16 half = {static_cast<std::uint16_t>(bits)};
    const float value = to_float(half);
    if (value == value) {
      ASSERT_EQ(to_float16(value).bits, half.bits) << value;
    } else {
      ASSERT_TRUE(to_float(to_float16(value)) != value) << "NaN became a number: " << bits;
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(to_float(to_float16(1.0F + 0x1p-11F)), 1.0F);            // halfway: down to even
  EXPECT_EQ(to_float(to_float16(1.0F + 0x3p-11F)), 1.0F + 0x1p-9F);  // halfway: up to even
  EXPECT_EQ(to_float(to_float16(65519.0F)), 65504.0F);               // the largest
  EXPECT_EQ(to_float(to_float16(65520.0F)), INFINITY);
  EXPECT_EQ(to_float(to_float16(0x1p-24F)), 0x1p-24F);  // the smallest subnormal
  EXPECT_EQ(to_float(to_float16(0x1p-25F)), 0.0F);      // halfway to it
  EXPECT_EQ(to_float(to_bfloat16(1.0F + 0x1p-8F)), 1.0F);
  EXPECT_EQ(to_float(to_bfloat16(1.0F + 0x3p-8F)), 1.0F + 0x1p-6F);
}

}  // namespace
}  // namespace octet::tensor_test
