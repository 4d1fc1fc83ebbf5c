#include "quant/transforms/rotation.h"

#include <cmath>

#include "base/error.h"
#include "base/parallel.h"

namespace octet {
namespace {

constexpr std::int64_t kGrain = 16384;  // values per chunk

/// n values of which neighbours are `stride` elements apart.
void rotate_vector(float* first, std::int64_t stride, const Rotation& rotation, std::vector<double>& x) {
  for (std::int64_t i = 0; i < rotation.order(); ++i) {
    x[static_cast<std::size_t>(i)] = static_cast<double>(first[i * stride]);
  }
  rotation.apply(x);
  for (std::int64_t i = 0; i < rotation.order(); ++i) {
    first[i * stride] = static_cast<float>(x[static_cast<std::size_t>(i)]);
  }
}

}  // namespace

Rotation::Rotation(std::int64_t order, Kind kind, const Random& random)
    : hadamard_(order), kind_(kind), signs_(static_cast<std::size_t>(order)) {
  for (std::size_t i = 0; i < signs_.size(); ++i) {
    signs_[i] = random.below(i, 2) == 0 ? 1.0 : -1.0;
  }
  if (kind == Kind::keeping_mean) {
    signs_[0] = 1.0;
  }
}

void Rotation::apply(std::span<double> x) const {
  const auto n = static_cast<double>(order());
  if (kind_ == Kind::keeping_mean) {
    hadamard_.apply_transposed(x);  // x H, as a column H^T x
  }
  const double scale = kind_ == Kind::keeping_mean ? 1.0 / n : 1.0 / std::sqrt(n);
  for (std::size_t i = 0; i < signs_.size(); ++i) {
    x[i] *= signs_[i] * scale;
  }
  if (kind_ == Kind::keeping_mean) {
    hadamard_.apply(x);  // (x H D) H^T
  } else {
    hadamard_.apply_transposed(x);  // (x D) H
  }
}

void rotate_rows(const Tensor& w, const Rotation& rotation) {
  const std::int64_t n = rotation.order(), width = w.dim(-1);
  check(width % n == 0, "[rotate] expected rows of a multiple of {} values, got {}", n, w.shape());
  float* values = w.span<float>().data();
  parallel_for(w.elements() / n, 1 + kGrain / n, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> x(static_cast<std::size_t>(n));
    for (std::int64_t part = begin; part < end; ++part) {
      rotate_vector(values + part * n, 1, rotation, x);
    }
  });
}

void rotate_columns(const Tensor& w, std::int64_t first, std::int64_t count, const Rotation& rotation) {
  const std::int64_t n = rotation.order(), columns = w.elements() / w.dim(0);
  check(first >= 0 && first + count <= w.dim(0) && count % n == 0,
        "[rotate] expected a multiple of {} rows of {}, got {} from row {}", n, w.shape(), count, first);
  float* values = w.span<float>().data() + first * columns;
  const std::int64_t parts = count / n;
  parallel_for(parts * columns, 1 + kGrain / n, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> x(static_cast<std::size_t>(n));
    for (std::int64_t i = begin; i < end; ++i) {
      rotate_vector(values + i / columns * n * columns + i % columns, columns, rotation, x);
    }
  });
}

}  // namespace octet
