#include "tensor/ops/weight_linear.h"

#include <algorithm>
#include <numeric>

#include "tensor/ops/checks.h"
#include "tensor/weight_kernels.h"

namespace octet {
namespace {

/// Rows of x (M, K) in the padded order of the layout, zeros in the padding.
Tensor padded_rows(const Tensor& x, const CodeLayout& layout) {
  const std::int64_t rows = rows_of(x);
  Tensor padded = Tensor::zeros({rows, layout.stride});
  const float* in = x.data<float>();
  for (std::int64_t m = 0; m < rows; ++m) {
    float* out = padded.data<float>() + m * layout.stride;
    for (std::int64_t group = 0; group < layout.groups; ++group) {
      const std::int64_t first = group * layout.group;
      std::copy_n(in + m * layout.columns + first, std::min(layout.group, layout.columns - first),
                  out + layout.begin(group));
    }
  }
  return padded;
}

/// Sums of the groups of each row: (M, groups).
Tensor group_sums(const Tensor& padded, const CodeLayout& layout) {
  const std::int64_t rows = rows_of(padded);
  Tensor sums = Tensor::empty({rows, layout.groups});
  const float* x = padded.data<float>();
  for (std::int64_t m = 0; m < rows; ++m) {
    for (std::int64_t group = 0; group < layout.groups; ++group) {
      sums.data<float>()[m * layout.groups + group] =
          std::accumulate(x + m * layout.stride + layout.begin(group), x + m * layout.stride + layout.end(group), 0.0F);
    }
  }
  return sums;
}

auto kernel_of(PackedFormat format) {
  const WeightKernels& table = kernels();
  switch (format) {
    case PackedFormat::int8:
      return table.int8_weights;
    case PackedFormat::int4:
    case PackedFormat::nf4:
      return table.nibble_weights;
    case PackedFormat::f16:
      return table.f16_weights;
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
  const PackedCodes codes = weight.view();
  Tensor rows = dense("weight_linear", x);
  if (weight.layout().is_padded()) {
    rows = padded_rows(rows, weight.layout());
  }
  const Tensor sums = codes.offsets == nullptr ? Tensor() : group_sums(rows, weight.layout());
  Tensor y = Tensor::empty(x.shape().with_last(weight.rows()));
  const Tensor gate = gate_of("weight_linear", epilogue, y);
  kernel_of(weight.format())({{rows_of(x), rows.data<float>(), sums.defined() ? sums.data<float>() : nullptr},
                              codes,
                              bias.defined() ? bias.data<float>() : nullptr,
                              epilogue.f,
                              gate.defined() ? gate.data<float>() : nullptr,
                              y.data<float>()});
  return y;
}

}  // namespace octet
