#include "tensor/ops/cross_entropy.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

// nll and log_sum per row, and the targets as given; all on the device of the logits.
struct RowLoss {
  Tensor nll, log_sum, targets;
};

RowLoss row_loss(const Tensor& logits, const Tensor& targets) {
  check_float("cross_entropy", logits, 1);
  const std::int64_t rows = rows_of(logits), vocabulary = logits.dim(-1);
  check(targets.elements() == rows && targets.rank() == logits.rank() - 1,
        "[cross_entropy] expected a target for each row of logits {}, got targets {}", logits.shape(), targets.shape());
  for (const std::int32_t target : targets.span<std::int32_t>()) {
    check(target >= 0 && target < vocabulary, "[cross_entropy] expected targets from 0 to {}, got {}", vocabulary - 1,
          target);
  }
  RowLoss loss = {empty_like(logits, targets.shape()), empty_like(logits, targets.shape()),
                  targets.to(logits.device())};
  kernels(logits.device())
      .cross_entropy({.rows = rows,
                      .vocabulary = vocabulary,
                      .logits = logits.data<float>(),
                      .targets = loss.targets.data<std::int32_t>(),
                      .nll = loss.nll.data<float>(),
                      .log_sum = loss.log_sum.data<float>()});
  return loss;
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& targets, Logits after) {
  const Tensor in = dense("cross_entropy", logits);
  const RowLoss loss = row_loss(in, targets);
  const std::int64_t rows = loss.nll.elements();
  check(rows > 0, "[cross_entropy] expected at least one row, got logits {}", logits.shape());
  const Tensor nll = loss.nll.to(DeviceKind::cpu);
  double total = 0.0;
  for (const float value : nll.span<float>()) {
    total += static_cast<double>(value);
  }
  Tensor mean = Tensor::full({}, static_cast<float>(total / static_cast<double>(rows)));
  return record("cross_entropy", {logits}, mean,
                [in, targets = loss.targets, log_sum = loss.log_sum, rows, after](const Tensor& dy) {
                  // forward: mean = sum(log_sum - logits[target]) / rows; so dlogits = dy (softmax - onehot) / rows.
                  Tensor dlogits = after == Logits::overwrite ? in.detach() : empty_like(in, in.shape());
                  kernels(in.device())
                      .cross_entropy_backward({.rows = rows,
                                               .vocabulary = in.dim(-1),
                                               .logits = in.data<float>(),
                                               .targets = targets.data<std::int32_t>(),
                                               .log_sum = log_sum.data<float>(),
                                               .scale = dy.item() / static_cast<float>(rows),
                                               .dlogits = dlogits.data<float>()});
                  return std::vector<Tensor>{dlogits};
                });
}

Tensor token_nll(const Tensor& logits, const Tensor& targets) {
  return row_loss(dense("cross_entropy", logits), targets).nll.to(DeviceKind::cpu);
}

}  // namespace octet
