#include "tensor/ops/dynamic_linear.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

void check_linear(const char* op, const PackedWeight& weight, const Tensor& bias, const Tensor& x) {
  check(weight.has_integer_codes(), "[{}] expected a weight with integer codes", op);
  if (bias.defined()) {
    check_vector(op, "a bias", bias, weight.rows());
  }
  check_same_device(op, x, bias);
  weight.check_device(op, x);
}

void multiply(const IntLinearArgs& args, const KernelTable& table) {
  const auto linear = args.w.format == PackedFormat::int8   ? table.int8_linear
                      : args.w.format == PackedFormat::int4 ? table.int4_linear
                                                            : table.table4_linear;
  linear(args);
}

/// The same with codes that are still to be made of x.
void quantize_and_multiply(const Tensor& x, const QuantizedRows& rows, const IntLinearArgs& args,
                           const KernelTable& table) {
  const QuantizeRowsArgs codes = rows.args(x);
  if (table.quantizing_linear == nullptr || !table.quantizing_linear({codes, args})) {
    table.quantize_rows(codes);
    multiply(args, table);
  }
}

/// y of codes, which are made of `x` where `x` is defined. The gradient of it is refused where `x` or what is added
/// needs one.
Tensor linear_of(const char* op, const Tensor& x, const QuantizedRows& rows, const PackedWeight& weight,
                 const Tensor& bias, const Epilogue& epilogue) {
  Tensor y = empty_like(rows.codes, rows.shape.with_last(weight.rows()));
  const Tensor gate = gate_of(op, epilogue, y), residual = residual_of(op, epilogue.residual, y);
  const IntLinearArgs args{rows.view(),
                           weight.view(),
                           bias.defined() ? bias.data<float>() : nullptr,
                           epilogue.f,
                           gate.defined() ? gate.data<float>() : nullptr,
                           residual.defined() ? residual.data<float>() : nullptr,
                           y.data<float>()};
  const KernelTable& table = kernels(y.device());
  if (x.defined()) {
    quantize_and_multiply(dense(op, x), rows, args, table);
  } else {
    multiply(args, table);
  }
  return record(op, {x, epilogue.residual}, y, [](const Tensor&) -> std::vector<Tensor> {
    fail(ErrorKind::run, "[dynamic_linear] has no gradient, because activations are rounded; use weight-only layers");
  });
}

Tensor quantized_linear(const char* op, const Tensor& x, float static_scale, const PackedWeight& weight,
                        const Tensor& bias, const Epilogue& epilogue) {
  check_linear(op, weight, bias, x);
  return linear_of(op, x, empty_rows(x, {weight.layout(), static_scale}), weight, bias, epilogue);
}

}  // namespace

QuantizeRowsArgs QuantizedRows::args(const Tensor& x) const {
  return {scales.dim(0),
          scheme.layout,
          x.data<float>(),
          scheme.static_scale,
          codes.data<std::int8_t>(),
          scales.data<float>(),
          corrections.data<std::int32_t>()};
}

QuantizedRows empty_rows(const Tensor& x, const CodeScheme& scheme) {
  const CodeLayout& layout = scheme.layout;
  check_float("quantize_rows", x, 1);
  check(x.dim(-1) == layout.columns, "[quantize_rows] expected x (..., {}), got {}", layout.columns, x.shape());
  const std::int64_t count = rows_of(x);
  return {empty_like(x, {count, layout.stride}, DType::i8), empty_like(x, {count}),
          empty_like(x, {count, layout.groups}, DType::i32), x.shape(), scheme};
}

QuantizedRows quantize_rows(const Tensor& x, const CodeLayout& layout, float static_scale) {
  const QuantizedRows rows = empty_rows(x, {layout, static_scale});
  kernels(x.device()).quantize_rows(rows.args(dense("quantize_rows", x)));
  return rows;
}

Tensor integer_product(const QuantizedRows& x, const PackedWeight& weight) {
  check(weight.has_integer_codes(), "[integer_product] expected a weight with integer codes");
  check(x.codes.dim(1) == weight.layout().stride, "[integer_product] expected rows of {} padded codes, got {}",
        weight.layout().stride, x.codes.dim(1));
  weight.check_device("integer_product", x.codes);
  Tensor y = empty_like(x.codes, {weight.layout().groups, x.codes.dim(0), weight.rows()}, DType::i32);
  const IntProductArgs args{x.view(), weight.view(), y.data<std::int32_t>()};
  const KernelTable& table = kernels(x.codes.device());
  const auto product = weight.format() == PackedFormat::int8   ? table.int8_product
                       : weight.format() == PackedFormat::int4 ? table.int4_product
                                                               : table.table4_product;
  product(args);
  return y;
}

Tensor dynamic_linear(const Tensor& x, const PackedWeight& weight, const Tensor& bias, const Epilogue& epilogue) {
  return quantized_linear("dynamic_linear", x, 0.0F, weight, bias, epilogue);
}

Tensor dynamic_linear(const QuantizedRows& x, const PackedWeight& weight, const Tensor& bias,
                      const Epilogue& epilogue) {
  check_linear("dynamic_linear", weight, bias, x.codes);
  check(x.scheme.layout == weight.layout(), "[dynamic_linear] expected codes in the layout of the weight, got others");
  return linear_of("dynamic_linear", {}, x, weight, bias, epilogue);
}

Tensor static_linear(const Tensor& x, float scale, const PackedWeight& weight, const Tensor& bias,
                     const Epilogue& epilogue) {
  check(scale > 0.0F, "[static_linear] expected a positive scale, got {}", scale);
  return quantized_linear("static_linear", x, scale, weight, bias, epilogue);
}

}  // namespace octet
