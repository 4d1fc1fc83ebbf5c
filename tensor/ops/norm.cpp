#include "tensor/ops/norm.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {

Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon) {
  check_float("layer_norm", x, 1);
  const std::int64_t rows = rows_of(x), columns = x.dim(-1);
  check_vector("layer_norm", "a gain", gain, columns);
  check_vector("layer_norm", "a bias", bias, columns);
  check_same_device("layer_norm", x, gain);
  check_same_device("layer_norm", x, bias);
  const Tensor in = dense("layer_norm", x);
  Tensor y = empty_like(x, x.shape()), mean = empty_like(x, {rows}), inverse_std = empty_like(x, {rows});
  kernels(x.device())
      .layer_norm({.rows = rows,
                   .columns = columns,
                   .epsilon = epsilon,
                   .x = in.data<float>(),
                   .gain = gain.data<float>(),
                   .bias = bias.data<float>(),
                   .y = y.data<float>(),
                   .mean = mean.data<float>(),
                   .inverse_std = inverse_std.data<float>()});
  return record("layer_norm", {x, gain, bias}, y, [=](const Tensor& grad) {
    const Tensor dy = dense("layer_norm", grad);
    Tensor dx = empty_like(in, in.shape()), dgain = empty_like(in, {columns}), dbias = empty_like(in, {columns});
    const Tensor partial = empty_like(in, {row_chunks(rows), 2, columns});
    kernels(in.device())
        .layer_norm_backward({.rows = rows,
                              .columns = columns,
                              .x = in.data<float>(),
                              .gain = gain.data<float>(),
                              .mean = mean.data<float>(),
                              .inverse_std = inverse_std.data<float>(),
                              .dy = dy.data<float>(),
                              .dx = dx.data<float>(),
                              .dgain = dgain.data<float>(),
                              .dbias = dbias.data<float>(),
                              .partial = partial.data<float>()});
    return std::vector<Tensor>{dx, dgain, dbias};
  });
}

Tensor rms_norm(const Tensor& x, const Tensor& gain, float epsilon) {
  check_float("rms_norm", x, 1);
  const std::int64_t rows = rows_of(x), columns = x.dim(-1);
  check_vector("rms_norm", "a gain", gain, columns);
  check_same_device("rms_norm", x, gain);
  const Tensor in = dense("rms_norm", x);
  Tensor y = empty_like(x, x.shape()), inverse_std = empty_like(x, {rows});
  kernels(x.device())
      .rms_norm({.rows = rows,
                 .columns = columns,
                 .epsilon = epsilon,
                 .x = in.data<float>(),
                 .gain = gain.data<float>(),
                 .y = y.data<float>(),
                 .inverse_std = inverse_std.data<float>()});
  return record("rms_norm", {x, gain}, y, [=](const Tensor& grad) {
    const Tensor dy = dense("rms_norm", grad);
    Tensor dx = empty_like(in, in.shape()), dgain = empty_like(in, {columns});
    const Tensor partial = empty_like(in, {row_chunks(rows), 2, columns});
    kernels(in.device())
        .rms_norm_backward({.rows = rows,
                            .columns = columns,
                            .x = in.data<float>(),
                            .gain = gain.data<float>(),
                            .inverse_std = inverse_std.data<float>(),
                            .dy = dy.data<float>(),
                            .dx = dx.data<float>(),
                            .dgain = dgain.data<float>(),
                            .partial = partial.data<float>()});
    return std::vector<Tensor>{dx, dgain};
  });
}

}  // namespace octet
