#include "tensor/ops/norm.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

/// What a norm reads, and leaves for backward. An RMSNorm has neither bias nor mean.
struct Norm {
  Norm(const char* op, const Tensor& x, const Tensor& gain_of, const Tensor* bias_of, float epsilon_of)
      : gain(gain_of), epsilon(epsilon_of) {
    check_float(op, x, 1);
    check_vector(op, "a gain", gain, x.dim(-1));
    check_same_device(op, x, gain);
    in = dense(op, x);
    rows = rows_of(x), columns = x.dim(-1);
    inverse_std = empty_like(x, {rows});
    if (bias_of != nullptr) {
      bias = *bias_of;
      check_vector(op, "a bias", bias, columns);
      check_same_device(op, x, bias);
      mean = empty_like(x, {rows});
    }
  }

  NormArgs args(const Tensor& y) const {
    return {.rows = rows,
            .columns = columns,
            .epsilon = epsilon,
            .x = in.data<float>(),
            .gain = gain.data<float>(),
            .bias = bias.defined() ? bias.data<float>() : nullptr,
            .y = y.data<float>(),
            .mean = mean.defined() ? mean.data<float>() : nullptr,
            .inverse_std = inverse_std.data<float>()};
  }

  Tensor in, gain, bias, mean, inverse_std;
  std::int64_t rows, columns;
  float epsilon;
};

/// dx, dgain and, of a layer norm, dbias.
std::vector<Tensor> gradients(const char* op, const Norm& norm, const Tensor& grad,
                              void (*backward)(const NormBackwardArgs&)) {
  const Tensor dy = dense(op, grad), dx = empty_like(dy, dy.shape()), dgain = empty_like(dy, {norm.columns});
  const Tensor dbias = norm.bias.defined() ? empty_like(dy, {norm.columns}) : Tensor();
  const Tensor partial = empty_like(dy, {row_chunks(norm.rows), 2, norm.columns});
  backward({.rows = norm.rows,
            .columns = norm.columns,
            .x = norm.in.data<float>(),
            .gain = norm.gain.data<float>(),
            .mean = norm.mean.defined() ? norm.mean.data<float>() : nullptr,
            .inverse_std = norm.inverse_std.data<float>(),
            .dy = dy.data<float>(),
            .dx = dx.data<float>(),
            .dgain = dgain.data<float>(),
            .dbias = dbias.defined() ? dbias.data<float>() : nullptr,
            .partial = partial.data<float>()});
  return dbias.defined() ? std::vector<Tensor>{dx, dgain, dbias} : std::vector<Tensor>{dx, dgain};
}

NormCodes norm_codes(const Norm& norm, const Tensor& x, const CodeScheme& scheme,
                     void (*kernel)(const NormCodesArgs&)) {
  NormCodes result = {empty_like(x, x.shape()), empty_rows(x, scheme)};
  kernel({norm.args(result.y), result.codes.args(result.y)});
  return result;
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon) {
  const Norm norm("layer_norm", x, gain, &bias, epsilon);
  const Tensor y = empty_like(x, x.shape());
  kernels(x.device()).layer_norm(norm.args(y));
  return record("layer_norm", {x, gain, bias}, y, [norm](const Tensor& grad) {
    return gradients("layer_norm", norm, grad, kernels(grad.device()).layer_norm_backward);
  });
}

Tensor rms_norm(const Tensor& x, const Tensor& gain, float epsilon) {
  const Norm norm("rms_norm", x, gain, nullptr, epsilon);
  const Tensor y = empty_like(x, x.shape());
  kernels(x.device()).rms_norm(norm.args(y));
  return record("rms_norm", {x, gain}, y, [norm](const Tensor& grad) {
    return gradients("rms_norm", norm, grad, kernels(grad.device()).rms_norm_backward);
  });
}

NormCodes layer_norm_codes(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon,
                           const CodeScheme& scheme) {
  return norm_codes({"layer_norm", x, gain, &bias, epsilon}, x, scheme, kernels(x.device()).layer_norm_codes);
}

NormCodes rms_norm_codes(const Tensor& x, const Tensor& gain, float epsilon, const CodeScheme& scheme) {
  return norm_codes({"rms_norm", x, gain, nullptr, epsilon}, x, scheme, kernels(x.device()).rms_norm_codes);
}

}  // namespace octet
