#include "tensor/formats/half_weight.h"

#include <cmath>

#include "tensor/half.h"

namespace octet {
namespace {

template <typename Half>
void widen(const Half* values, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    out[i] = to_float(values[i]);
  }
}

template <typename Half, typename Round>
void narrow(const Tensor& weight, Half* out, Round round) {
  const float* values = weight.data<float>();
  for (std::int64_t i = 0; i < weight.elements(); ++i) {
    out[i] = round(values[i]);
    check(std::isfinite(to_float(out[i])), "[half weight] expected values that are finite in {}, got {} at ({}, {})",
          name_of(dtype_of<Half>()), values[i], i / weight.dim(1), i % weight.dim(1));
  }
}

}  // namespace

HalfWeight::HalfWeight(Tensor values) : values_(std::move(values)) {
  check(values_.rank() == 2 && (values_.dtype() == DType::f16 || values_.dtype() == DType::bf16),
        "[half weight] expected a matrix of f16 or bf16, got shape {} of {}", values_.shape(),
        name_of(values_.dtype()));
}

HalfWeight HalfWeight::quantize(const Tensor& weight, DType dtype) {
  check(weight.rank() == 2 && weight.dtype() == DType::f32,
        "[half weight] expected a matrix of f32, got shape {} of {}", weight.shape(), name_of(weight.dtype()));
  const Tensor dense = weight.is_contiguous() ? weight : weight.clone();
  HalfWeight result(Tensor::empty(weight.shape(), dtype));
  if (dtype == DType::f16) {
    narrow(dense, result.values_.data<Float16>(), [](float value) { return to_float16(value); });
  } else {
    narrow(dense, result.values_.data<BFloat16>(), [](float value) { return to_bfloat16(value); });
  }
  return result;
}

void HalfWeight::dequantize_rows(std::int64_t first, std::int64_t count, float* out) const {
  if (values_.dtype() == DType::f16) {
    widen(values_.data<Float16>() + first * columns(), count * columns(), out);
  } else {
    widen(values_.data<BFloat16>() + first * columns(), count * columns(), out);
  }
}

}  // namespace octet
