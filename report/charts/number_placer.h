#pragma once

#include <cstddef>
#include <vector>

namespace octet {

/// A rectangle of a picture, in pixels with y upwards.
struct Box {
  double left, right, bottom, top;
  bool overlaps(const Box& other) const {
    return left < other.right && other.left < right && bottom < other.top && other.bottom < top;
  }
};

/// Finds free places for the numbers of points, so that none covers another, a point or a line.
class NumberPlacer {
 public:
  /// `frame` is what the numbers must stay in.
  explicit NumberPlacer(const Box& frame) : frame_(frame) {}

  void keep_free(const Box& box) { taken_.push_back(box); }

  /// Where the middle of a number is.
  struct Place {
    double x, y;
    bool beside;  ///< its point; else it is far enough to need a line to it
  };
  /// The free place nearest to the point, to the right of it where possible; right beside it where all are taken.
  Place place(double x, double y, std::size_t digits);

 private:
  bool is_free(const Box& box) const;

  Box frame_;
  std::vector<Box> taken_;
};

}  // namespace octet
