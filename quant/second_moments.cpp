#include "quant/second_moments.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/matmul.h"
#include "tensor/ops/view.h"

namespace octet {

void SecondMoments::add(const Tensor& a, const Tensor& b) {
  check(a.shape() == b.shape() && a.rank() >= 1, "[second moments] expected inputs of one shape, got {} and {}",
        a.shape(), b.shape());
  const std::int64_t columns = a.dim(a.rank() - 1);
  check(columns_ == 0 || columns == columns_, "[second moments] expected inputs of {} columns, got {}", columns_,
        columns);
  columns_ = columns;
  const std::int64_t rows = a.elements() / columns;
  const NoGrad no_grad;
  const Tensor batch =
      matmul(reshape(contiguous(a), {rows, columns}), reshape(contiguous(b), {rows, columns}), /*transpose_a=*/true);
  const std::span<const float> sums = batch.span<float>();
  check(std::all_of(sums.begin(), sums.end(), [](float sum) { return std::isfinite(sum); }),
        "[second moments] expected values whose products FP32 can hold, got NaN or infinity");
  sums_.resize(sums.size());
  std::transform(sums.begin(), sums.end(), sums_.begin(), sums_.begin(),
                 [](float sum, double before) { return before + static_cast<double>(sum); });
  count_ += rows;
}

std::vector<float> SecondMoments::mean_squares() const {
  std::vector<float> means;
  for (std::int64_t i = 0; i < columns_; ++i) {
    means.push_back(static_cast<float>(at(i, i) / static_cast<double>(count_)));
  }
  return means;
}

}  // namespace octet
