#pragma once

#include <array>

#include "tests/cuda/cuda_test.h"

namespace octet {

/// Integers of [0, limit).
inline Tensor random_ids(std::int64_t count, std::int64_t limit, std::uint64_t seed) {
  const Random random(seed);
  Tensor ids = Tensor::empty({count}, DType::i32);
  for (std::int64_t i = 0; i < count; ++i) {
    ids.data<std::int32_t>()[i] =
        static_cast<std::int32_t>(random.block(static_cast<std::uint64_t>(i))[0] % static_cast<std::uint64_t>(limit));
  }
  return ids;
}

/// What a kernel of the CPU and its twin write, from the same start; 7 where a kernel must assign every element.
struct Written {
  Tensor cpu, cuda;

  explicit Written(const Tensor& start) : cpu(start.clone()), cuda(on_cuda(start)) {}
  explicit Written(const Shape& shape) : Written(Tensor::full(shape, 7.0F)) {}
};

/// Rows and columns: one, odd, one more and less than a warp of packs and than a short row, rows that a block reads in
/// several strides, and more rows than a chunk of sums has.
inline const std::vector<std::array<std::int64_t, 2>> kAwkwardRows = {{1, 1},    {1, 4},    {3, 7},    {2, 127},
                                                                      {5, 128},  {3, 129},  {2, 1023}, {1, 1024},
                                                                      {2, 1025}, {1, 4100}, {257, 36}, {600, 5}};

/// Calls body(rows, columns) for each of them, with the threads in every order.
template <typename Body>
void for_awkward_rows_and_schedules(const Body& body) {
  for (const auto& [rows, columns] : kAwkwardRows) {
    SCOPED_TRACE(testing::Message() << "rows " << rows << " columns " << columns);
    under_every_schedule([rows = rows, columns = columns, &body] { body(rows, columns); });
  }
}

}  // namespace octet
