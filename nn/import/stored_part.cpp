#include "nn/import/stored_part.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/ops/view.h"

namespace octet {

std::int64_t parameter_row(const SourcePart& part, std::int64_t row) {
  if (part.stored != StoredAs::neighbour_pairs) return row;
  const std::int64_t size = part.shape[0] / part.heads, head = row / size;
  const std::int64_t place = row % size;  // of pair place / 2, its first or second row
  return head * size + place % 2 * (size / 2) + place / 2;
}

std::int64_t copy_to_rows(const Tensor& stored, const SourcePart& part, float* to) {
  const float* from = stored.data<float>();
  const std::int64_t count = stored.elements();
  if (part.stored == StoredAs::columns) {
    const std::int64_t in = stored.dim(0), out = stored.dim(1);
    for (std::int64_t i = 0; i < in; ++i) {
      for (std::int64_t o = 0; o < out; ++o) to[o * in + i] = from[i * out + o];
    }
  } else if (part.stored == StoredAs::neighbour_pairs) {
    const std::int64_t columns = count / stored.dim(0);  // 1 of a vector
    for (std::int64_t row = 0; row < stored.dim(0); ++row) {
      std::copy_n(from + row * columns, columns, to + parameter_row(part, row) * columns);
    }
  } else {
    std::copy_n(from, count, to);
  }
  return count;
}

Tensor stored_from_rows(const Tensor& rows, const SourcePart& part) {
  Tensor stored = contiguous(part.stored == StoredAs::columns ? transpose(rows, 0, 1) : rows);
  if (part.stored == StoredAs::neighbour_pairs) {
    const std::int64_t columns = rows.elements() / rows.dim(0);  // 1 of a vector
    const Tensor halves = stored;
    stored = Tensor::empty(halves.shape());
    for (std::int64_t row = 0; row < rows.dim(0); ++row) {
      std::copy_n(halves.data<float>() + parameter_row(part, row) * columns, columns,
                  stored.data<float>() + row * columns);
    }
  }
  check(stored.shape() == part.shape, "[export] expected shape {} of \"{}\", got {}", part.shape, part.name,
        stored.shape());
  return stored;
}

}  // namespace octet
