#include "report/charts/number_placer.h"

#include <cmath>

#include <gtest/gtest.h>

namespace octet::number_placer_test {
namespace {

// Of numbers with two digits in the font of the charts, a pixel less: neighbours may touch.
constexpr double kWidth = 16, kHeight = 13;

TEST(NumberPlacer, NumbersOfACrowdCoverNeitherEachOtherNorAPoint) {
  NumberPlacer placer({0, 400, 0, 300});
  const auto point = [](int i) { return std::pair(200.0 + 9 * (i % 5), 150.0 + 7 * (i / 5)); };
  constexpr int kPoints = 20;
  constexpr double kMark = 4;
  for (int i = 0; i < kPoints; ++i) {
    const auto [x, y] = point(i);
    placer.keep_free({x - kMark, x + kMark, y - kMark, y + kMark});
  }
  std::vector<NumberPlacer::Place> places;
  for (int i = 0; i < kPoints; ++i) {
    const auto [x, y] = point(i);
    const NumberPlacer::Place place = placer.place(x, y, 2);
    const Box box = {place.x - kWidth / 2, place.x + kWidth / 2, place.y - kHeight / 2, place.y + kHeight / 2};
    EXPECT_TRUE(box.left > 0 && box.right < 400 && box.bottom > 0 && box.top < 300);
    for (int other = 0; other < kPoints; ++other) {
      const auto [ox, oy] = point(other);
      EXPECT_FALSE(box.overlaps({ox - kMark, ox + kMark, oy - kMark, oy + kMark})) << i << " on point " << other;
    }
    for (const NumberPlacer::Place& other : places) {
      EXPECT_TRUE(std::abs(other.x - place.x) >= kWidth || std::abs(other.y - place.y) >= kHeight);
    }
    places.push_back(place);
  }
}

TEST(NumberPlacer, AloneItIsRightOfItsPoint) {
  const NumberPlacer::Place place = NumberPlacer({0, 400, 0, 300}).place(100, 100, 1);
  EXPECT_TRUE(place.beside);
  EXPECT_GT(place.x, 105);
  EXPECT_EQ(place.y, 100);
  EXPECT_LT(NumberPlacer({0, 400, 0, 300}).place(398, 100, 1).x, 398) << "not beyond the frame";
}

TEST(NumberPlacer, WithoutAFreePlaceItStaysBesideItsPoint) {
  NumberPlacer placer({0, 400, 0, 300});
  placer.keep_free({0, 400, 0, 300});
  EXPECT_TRUE(placer.place(100, 100, 2).beside);
}

}  // namespace
}  // namespace octet::number_placer_test
