#include "tensor/shape.h"

#include "base/error.h"

namespace octet {

Shape::Shape(std::initializer_list<std::int64_t> sizes)
    : Shape(std::span<const std::int64_t>(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const std::int64_t> sizes) {
  check(sizes.size() <= kMaxRank, "[shape] expected at most {} dimensions, got {}", kMaxRank, sizes.size());
  for (const std::int64_t size : sizes) {
    check(size >= 0, "[shape] expected sizes of at least 0, got {}", size);
    sizes_[static_cast<std::size_t>(rank_++)] = size;
  }
}

std::int64_t Shape::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes()) {
    count *= size;
  }
  return count;
}

Shape Shape::with_last(std::int64_t size) const {
  Shape result = *this;
  result.set(-1, size);
  return result;
}

Shape Shape::followed_by(std::int64_t size) const {
  check(rank_ < kMaxRank, "[shape] expected at most {} dimensions, got {} and one more", kMaxRank, *this);
  Shape result = *this;
  ++result.rank_;
  result.set(-1, size);
  return result;
}

int Shape::index(int dim) const {
  const int normal = dim < 0 ? dim + rank_ : dim;
  check(normal >= 0 && normal < rank_, "[shape] expected a dimension of {}, got {}", *this, dim);
  return normal;
}

std::string Shape::str() const {
  std::string text = "(";
  for (int dim = 0; dim < rank_; ++dim) {
    text += (dim ? ", " : "") + std::to_string(sizes_[static_cast<std::size_t>(dim)]);
  }
  return text + ")";
}

}  // namespace octet
