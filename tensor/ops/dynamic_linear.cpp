#include "tensor/ops/dynamic_linear.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

Tensor linear_of(const char* op, const Tensor& x, float static_scale, const PackedWeight& weight, const Tensor& bias,
                 const Epilogue& epilogue) {
  check(weight.has_integer_codes(), "[{}] expected a weight with integer codes", op);
  if (bias.defined()) {
    check_vector(op, "a bias", bias, weight.rows());
  }
  check_same_device(op, x, bias);
  weight.check_device(op, x);
  const QuantizedRows rows = quantize_rows(x, weight.layout(), static_scale);
  Tensor y = empty_like(x, x.shape().with_last(weight.rows()));
  const Tensor gate = gate_of(op, epilogue, y), residual = residual_of(op, epilogue.residual, y);
  const IntLinearArgs args{rows.view(),
                           weight.view(),
                           bias.defined() ? bias.data<float>() : nullptr,
                           epilogue.f,
                           gate.defined() ? gate.data<float>() : nullptr,
                           residual.defined() ? residual.data<float>() : nullptr,
                           y.data<float>()};
  const KernelTable& table = kernels(x.device());
  weight.format() == PackedFormat::int8 ? table.int8_linear(args) : table.int4_linear(args);
  return record(op, {x, epilogue.residual}, y, [](const Tensor&) -> std::vector<Tensor> {
    fail(ErrorKind::run, "[dynamic_linear] has no gradient, because activations are rounded; use weight-only layers");
  });
}

}  // namespace

QuantizedRows quantize_rows(const Tensor& x, const CodeLayout& layout, float static_scale) {
  check_float("quantize_rows", x, 1);
  check(x.dim(-1) == layout.columns, "[quantize_rows] expected x (..., {}), got {}", layout.columns, x.shape());
  const Tensor rows = dense("quantize_rows", x);
  const std::int64_t count = rows_of(x);
  QuantizedRows result{empty_like(x, {count, layout.stride}, DType::i8), empty_like(x, {count}),
                       empty_like(x, {count, layout.groups}, DType::i32)};
  kernels(x.device())
      .quantize_rows({count, layout, rows.data<float>(), static_scale, result.codes.data<std::int8_t>(),
                      result.scales.data<float>(), result.corrections.data<std::int32_t>()});
  return result;
}

Tensor integer_product(const QuantizedRows& x, const PackedWeight& weight) {
  check(weight.has_integer_codes(), "[integer_product] expected a weight with integer codes");
  check(x.codes.dim(1) == weight.layout().stride, "[integer_product] expected rows of {} padded codes, got {}",
        weight.layout().stride, x.codes.dim(1));
  weight.check_device("integer_product", x.codes);
  Tensor y = empty_like(x.codes, {weight.layout().groups, x.codes.dim(0), weight.rows()}, DType::i32);
  const IntProductArgs args{x.view(), weight.view(), y.data<std::int32_t>()};
  const KernelTable& table = kernels(x.codes.device());
  weight.format() == PackedFormat::int8 ? table.int8_product(args) : table.int4_product(args);
  return y;
}

Tensor dynamic_linear(const Tensor& x, const PackedWeight& weight, const Tensor& bias, const Epilogue& epilogue) {
  return linear_of("dynamic_linear", x, 0.0F, weight, bias, epilogue);
}

Tensor static_linear(const Tensor& x, float scale, const PackedWeight& weight, const Tensor& bias,
                     const Epilogue& epilogue) {
  check(scale > 0.0F, "[static_linear] expected a positive scale, got {}", scale);
  return linear_of("static_linear", x, scale, weight, bias, epilogue);
}

}  // namespace octet
