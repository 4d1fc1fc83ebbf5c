#include "quant/text_loss.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/autograd/node.h"

namespace octet {
namespace {

/// Columns [first, first + T - 1) of ids (B, T).
Tensor columns_from(const Tensor& ids, std::int64_t first) {
  const std::int64_t rows = ids.dim(0), columns = ids.dim(1);
  Tensor part = Tensor::zeros({rows, columns - 1}, DType::i32);
  for (std::int64_t row = 0; row < rows; ++row) {
    std::copy_n(ids.data<std::int32_t>() + row * columns + first, columns - 1,
                part.data<std::int32_t>() + row * (columns - 1));
  }
  return part;
}

}  // namespace

double text_loss(Gpt& model, std::span<const Tensor> batches) {
  const NoGrad no_grad;
  double sum = 0.0;
  std::int64_t tokens = 0;
  for (const Tensor& ids : batches) {
    check(ids.dim(1) > 1, "[text loss] expected rows of two ids or more, got {}", ids.shape());
    const Tensor inputs = columns_from(ids, 0), targets = columns_from(ids, 1);
    const DeviceKind device = model.device();
    const Tensor loss = model.loss(inputs.to(device), targets.to(device)).to(DeviceKind::cpu);
    sum += static_cast<double>(loss.data<float>()[0]) * static_cast<double>(inputs.elements());
    tokens += inputs.elements();
  }
  check(tokens > 0, "[text loss] expected at least one batch, got none");
  return sum / static_cast<double>(tokens);
}

}  // namespace octet
