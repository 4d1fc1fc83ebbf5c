#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include <fmt/core.h>

namespace octet {

/// Sizes of up to five dimensions, outermost first. Held inline, so a Shape is cheap to copy. Prints as `(8, 64, 128)`.
class Shape {
 public:
  static constexpr int kMaxRank = 5;

  Shape() = default;  ///< rank 0: a scalar
  Shape(std::initializer_list<std::int64_t> sizes);
  explicit Shape(std::span<const std::int64_t> sizes);

  int rank() const { return rank_; }
  /// Size of dimension `dim`; negative counts from the end.
  std::int64_t operator[](int dim) const { return sizes_[static_cast<std::size_t>(index(dim))]; }
  void set(int dim, std::int64_t size) { sizes_[static_cast<std::size_t>(index(dim))] = size; }
  std::int64_t elements() const;
  std::span<const std::int64_t> sizes() const { return {sizes_.data(), static_cast<std::size_t>(rank_)}; }

  /// The same shape with the last dimension replaced.
  Shape with_last(std::int64_t size) const;
  /// The same shape with one more dimension at the end.
  Shape followed_by(std::int64_t size) const;
  /// Normalises a negative dimension; an error where it is out of range.
  int index(int dim) const;
  std::string str() const;

  bool operator==(const Shape& other) const = default;

 private:
  std::array<std::int64_t, kMaxRank> sizes_{};
  int rank_ = 0;
};

}  // namespace octet

template <>
struct fmt::formatter<octet::Shape> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  auto format(const octet::Shape& shape, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "{}", shape.str());
  }
};
