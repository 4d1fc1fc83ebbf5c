#include "report/charts/number_placer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace octet {
namespace {

Box box_around(double x, double y, std::size_t digits) {
  constexpr double kHalfDigit = 3.5, kHalfHeight = 7;  // of a font of 11 pixels
  const double half = 1.5 + kHalfDigit * static_cast<double>(digits);
  return {x - half, x + half, y - kHalfHeight, y + kHalfHeight};
}

}  // namespace

NumberPlacer::Place NumberPlacer::place(double x, double y, std::size_t digits) {
  constexpr double kNear = 14, kFar = 90, kStep = 8;  // pixels from the point
  constexpr int kDirections = 16;
  Place found = {x + kNear, y, true};
  const auto search = [&] {
    for (double distance = kNear; distance <= kFar; distance += kStep) {
      for (int i = 0; i < kDirections; ++i) {
        const int turns = i % 2 == 0 ? i / 2 : -(i / 2 + 1);  // 0: to the right, then below and above that in turn
        const double angle = 2 * std::numbers::pi * turns / kDirections;
        const Place place = {x + distance * std::cos(angle), y + distance * std::sin(angle), distance == kNear};
        if (is_free(box_around(place.x, place.y, digits))) {
          found = place;
          return;
        }
      }
    }
  };
  search();
  keep_free(box_around(found.x, found.y, digits));
  return found;
}

bool NumberPlacer::is_free(const Box& box) const {
  if (box.left < frame_.left || box.right > frame_.right || box.bottom < frame_.bottom || box.top > frame_.top) {
    return false;
  }
  return std::none_of(taken_.begin(), taken_.end(), [&](const Box& other) { return box.overlaps(other); });
}

}  // namespace octet
