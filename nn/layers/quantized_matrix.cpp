#include "nn/layers/quantized_matrix.h"

#include <cmath>

#include "tensor/autograd/node.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/outlier_linear.h"
#include "tensor/ops/weight_linear.h"

namespace octet {

namespace {

/// -s z times the sum of each row of W (N, K), in double until the last rounding.
Tensor zero_point_correction(const AnyWeight& weight, const ActivationScheme& activations) {
  const Tensor w = dequantize(weight);
  Tensor correction = Tensor::empty({w.dim(0)});
  const double shift = static_cast<double>(activations.input_scale) * activations.zero_point;
  for (std::int64_t n = 0; n < w.dim(0); ++n) {
    double sum = 0.0;
    for (std::int64_t k = 0; k < w.dim(1); ++k) {
      sum += static_cast<double>(w.data<float>()[n * w.dim(1) + k]);
    }
    correction.data<float>()[n] = static_cast<float>(-shift * sum);
  }
  return correction;
}

}  // namespace

ActivationScheme ActivationScheme::fixed(float input_scale, int zero_point) {
  ActivationScheme scheme = Activations::static_scale;
  scheme.input_scale = input_scale;
  scheme.zero_point = zero_point;
  return scheme;
}

ActivationScheme ActivationScheme::split(float threshold) {
  ActivationScheme scheme = Activations::outlier_split;
  scheme.threshold = threshold;
  return scheme;
}

QuantizedMatrix::QuantizedMatrix(AnyWeight weight, ActivationScheme activations, std::optional<LowRank> low_rank)
    : weight_(std::move(weight)), activations_(activations), packed_(pack(weight_)) {
  const Activations kind = activations.kind;
  if (low_rank) {
    check(low_rank->rows() == rows() && low_rank->columns() == columns(),
          "[quantize] expected a low-rank correction of ({}, {}), got one of ({}, {})", rows(), columns(),
          low_rank->rows(), low_rank->columns());
    low_rank_.emplace(std::move(*low_rank));
  }
  if (kind != Activations::weight_only && !packed_.has_integer_codes()) {
    fail(ErrorKind::config, "[quantize] expected a format with integer codes, got {}", octet::describe(weight_));
  }
  if (kind == Activations::static_scale &&
      !(activations.input_scale > 0.0F && std::isfinite(activations.input_scale))) {
    fail(ErrorKind::config, "[quantize] expected a positive finite scale for static activations, got {}",
         activations.input_scale);
  }
  if (activations.zero_point < -127 || activations.zero_point > 127) {
    fail(ErrorKind::config, "[quantize] expected a zero point from -127 to 127, got {}", activations.zero_point);
  }
  if (kind == Activations::outlier_split && !(activations.threshold >= 0.0F)) {
    fail(ErrorKind::config, "[quantize] expected a threshold of at least 0 for the outlier split, got {}",
         activations.threshold);
  }
  if (kind == Activations::static_scale && activations.zero_point != 0) {
    shift_ =
        Tensor::full({octet::columns(weight_)}, activations.input_scale * static_cast<float>(activations.zero_point));
    correction_ = zero_point_correction(weight_, activations);
  }
}

void QuantizedMatrix::to(DeviceKind device) {
  packed_ = packed_.to(device);
  if (low_rank_) {
    low_rank_->to(device);
  }
  if (shift_.defined()) {
    shift_ = shift_.to(device);
    correction_ = correction_.to(device);
  }
}

std::optional<CodeScheme> QuantizedMatrix::input_codes() const {
  switch (activations_.kind) {
    case Activations::dynamic:
      return CodeScheme{packed_.layout()};
    case Activations::static_scale:
      if (shift_.defined()) {
        break;
      }
      return CodeScheme{packed_.layout(), activations_.input_scale};
    case Activations::outlier_split:
    case Activations::weight_only:
      break;
  }
  return {};
}

Tensor QuantizedMatrix::project(const LayerInput& input, const Tensor& bias, const Epilogue& epilogue) const {
  const Tensor& x = input.x;
  // Gradients flow through the dequantized weight to the activations, and so to layers before this one.
  if (activations_.kind == Activations::weight_only && grad_enabled() &&
      (x.requires_grad() || bias.requires_grad() || epilogue.residual.requires_grad())) {
    return apply_epilogue(linear(x, dequantized().to(x.device()), bias), epilogue);
  }
  if (!low_rank_) {
    return project_weight(input, bias, epilogue);
  }
  Epilogue with_correction = Epilogue::plus(low_rank_->project(x));
  if (epilogue.f != Nonlinearity::none) {  // what is corrected comes before the nonlinearity
    return apply_epilogue(project_weight(input, bias, with_correction), epilogue);
  }
  if (epilogue.residual.defined()) {
    with_correction.residual = add(with_correction.residual, epilogue.residual);
  }
  return project_weight(input, bias, with_correction);
}

/// f(x W^T + bias) + residual
Tensor QuantizedMatrix::project_weight(const LayerInput& input, const Tensor& bias, const Epilogue& epilogue) const {
  if (input.codes && input.codes->scheme == input_codes()) {
    return dynamic_linear(*input.codes, packed_, bias, epilogue);
  }
  const Tensor& x = input.x;
  switch (activations_.kind) {
    case Activations::dynamic:
      return dynamic_linear(x, packed_, bias, epilogue);
    case Activations::static_scale:
      if (shift_.defined()) {
        return static_linear(add(x, shift_), activations_.input_scale, packed_,
                             bias.defined() ? add(bias, correction_) : correction_, epilogue);
      }
      return static_linear(x, activations_.input_scale, packed_, bias, epilogue);
    case Activations::outlier_split:
      return outlier_linear(x, activations_.threshold, packed_, bias, epilogue);
    case Activations::weight_only:
      break;
  }
  return weight_linear(x, packed_, bias, epilogue);
}

Tensor QuantizedMatrix::lookup(const Tensor& ids) const {
  const Tensor rows = unpack_rows(packed_, ids);
  return low_rank_ ? add(rows, low_rank_->lookup(ids)) : rows;
}

Tensor QuantizedMatrix::dequantized() const {
  const Tensor w = dequantize(weight_);
  return low_rank_ ? add(w, low_rank_->matrix()) : w;
}

std::int64_t QuantizedMatrix::bytes() const {
  return octet::bytes(weight_) + (low_rank_ ? low_rank_->stored().bytes() : 0);
}

QuantizedRows QuantizedMatrix::quantize(const Tensor& x) const {
  switch (activations_.kind) {
    case Activations::static_scale:
      return quantize_rows(shift_.defined() ? add(x, shift_) : x, packed_.layout(), activations_.input_scale);
    case Activations::outlier_split:
      return quantize_rows(without_columns(x, outlier_columns(x, activations_.threshold)), packed_.layout());
    case Activations::dynamic:
      return quantize_rows(x, packed_.layout());
    case Activations::weight_only:
      break;
  }
  fail(ErrorKind::run, "[quantize] expected a layer with int8 activations, got a weight-only one");
}

std::string QuantizedMatrix::describe() const {
  const std::string beside = low_rank_ ? fmt::format(" + rank {}", low_rank_->stored().rank()) : "";
  std::string text = fmt::format("{}{}, {}", octet::describe(weight_), beside, enum_name(activations_.kind));
  if (activations_.kind == Activations::outlier_split) {
    return fmt::format("{} at {:g}", text, activations_.threshold);
  }
  return shift_.defined() ? text + " with zero point" : text;
}

}  // namespace octet
