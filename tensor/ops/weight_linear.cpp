#include "tensor/ops/weight_linear.h"

#include "tensor/kernels/weight_kernels.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

/// Rows of x (M, K) in the padded order of the layout, zeros in the padding.
Tensor padded_rows(const Tensor& x, const CodeLayout& layout) {
  Tensor padded = empty_like(x, {rows_of(x), layout.stride});
  kernels(x.device()).pad_rows({rows_of(x), layout, x.data<float>(), padded.data<float>()});
  return padded;
}

/// Sums of the groups of each row: (M, groups).
Tensor group_sums(const Tensor& padded, const CodeLayout& layout) {
  Tensor sums = empty_like(padded, {rows_of(padded), layout.groups});
  kernels(padded.device()).group_sums({rows_of(padded), layout, padded.data<float>(), sums.data<float>()});
  return sums;
}

auto kernel_of(PackedFormat format, DeviceKind device) {
  const WeightKernels& table = kernels(device);
  switch (format) {
    case PackedFormat::int8:
      return table.int8_weights;
    case PackedFormat::int4:
    case PackedFormat::codebook:
    case PackedFormat::table4:
      return table.nibble_weights;
    case PackedFormat::f16:
      return table.f16_weights;
    case PackedFormat::trellis:
      return table.trellis_weights;
    case PackedFormat::bf16:
      break;
  }
  return table.bf16_weights;
}

}  // namespace

Tensor weight_linear(const Tensor& x, const PackedWeight& weight, const Tensor& bias, const Epilogue& epilogue) {
  check_float("weight_linear", x, 1);
  check(x.dim(-1) == weight.columns(), "[weight_linear] expected x (..., {}), got {}", weight.columns(), x.shape());
  if (bias.defined()) {
    check_vector("weight_linear", "a bias", bias, weight.rows());
  }
  check_same_device("weight_linear", x, bias);
  weight.check_device("weight_linear", x);
  const PackedCodes codes = weight.view();
  Tensor rows = dense("weight_linear", x);
  if (weight.layout().is_padded()) {
    rows = padded_rows(rows, weight.layout());
  }
  const Tensor sums = codes.offsets == nullptr ? Tensor() : group_sums(rows, weight.layout());
  Tensor y = empty_like(x, x.shape().with_last(weight.rows()));
  const Tensor gate = gate_of("weight_linear", epilogue, y),
               residual = residual_of("weight_linear", epilogue.residual, y);
  kernel_of(weight.format(),
            x.device())({{rows_of(x), rows.data<float>(), sums.defined() ? sums.data<float>() : nullptr},
                         codes,
                         bias.defined() ? bias.data<float>() : nullptr,
                         epilogue.f,
                         gate.defined() ? gate.data<float>() : nullptr,
                         residual.defined() ? residual.data<float>() : nullptr,
                         y.data<float>()});
  return y;
}

}  // namespace octet
