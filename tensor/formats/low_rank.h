#pragma once

#include "tensor/formats/half_weight.h"

namespace octet {

/// Two thin matrices A (N, r) and B (r, K) in FP16, stored beside a weight W (N, K) whose rounding they make up for:
/// the layer computes x W^T + (x B^T) A^T. They take 16 r (N + K) / (N K) bits per weight: rank 16 beside a square
/// matrix of 192 columns 2.7 bits, of 4096 columns 0.125 bits.
class LowRank {
 public:
  /// Errors: A and B of different ranks, a dtype other than f16.
  LowRank(HalfWeight left, HalfWeight right);
  /// Rounds A and B from FP32. Errors: a value that FP16 cannot hold.
  static LowRank quantize(const Tensor& left, const Tensor& right);
  /// What rank r beside a matrix (rows, columns) takes.
  static std::int64_t bytes_of(std::int64_t rank, std::int64_t rows, std::int64_t columns) {
    return 2 * rank * (rows + columns);
  }

  const HalfWeight& left() const { return left_; }
  const HalfWeight& right() const { return right_; }
  std::int64_t rank() const { return left_.columns(); }
  std::int64_t rows() const { return left_.rows(); }
  std::int64_t columns() const { return right_.columns(); }
  std::int64_t bytes() const { return left_.bytes() + right_.bytes(); }

 private:
  HalfWeight left_, right_;
};

}  // namespace octet
