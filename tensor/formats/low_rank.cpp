#include "tensor/formats/low_rank.h"

#include <utility>

#include "base/error.h"

namespace octet {

LowRank::LowRank(HalfWeight left, HalfWeight right) : left_(std::move(left)), right_(std::move(right)) {
  check(left_.columns() == right_.rows(), "[low rank] expected A (N, r) and B (r, K), got {} and {}",
        left_.values().shape(), right_.values().shape());
  check(left_.values().dtype() == DType::f16 && right_.values().dtype() == DType::f16,
        "[low rank] expected f16, got {} and {}", name_of(left_.values().dtype()), name_of(right_.values().dtype()));
}

LowRank LowRank::quantize(const Tensor& left, const Tensor& right) {
  return {HalfWeight::quantize(left, DType::f16), HalfWeight::quantize(right, DType::f16)};
}

}  // namespace octet
