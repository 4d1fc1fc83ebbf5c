#pragma once

#include "tensor/kernels/packed_codes.h"
#include "tensor/tensor.h"

namespace octet {

/// GELU in its tanh form, as GPT-2 uses it: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
/// Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415, section 2.
Tensor gelu(const Tensor& x);

/// SiLU: x / (1 + exp(-x)).
Tensor silu(const Tensor& x);

/// SwiGLU: silu(gate) * up, shapes equal. Shazeer 2020, https://arxiv.org/abs/2002.05202, equation 6.
Tensor swiglu(const Tensor& gate, const Tensor& up);

/// What follows a product y: y itself, gelu(y), silu(y), or swiglu(gate, y), and then `residual` is added. Products
/// apply it while the result is in the cache, or in registers.
struct Epilogue {
  Epilogue(Nonlinearity nonlinearity = Nonlinearity::none) : f(nonlinearity) {}
  static Epilogue swiglu(Tensor gate);
  static Epilogue plus(Tensor residual);

  Nonlinearity f;
  Tensor gate;      ///< of the shape of y, for swiglu
  Tensor residual;  ///< of the shape of y, or undefined
};

/// Gate and residual as kernels take them: dense, undefined where there is none. Errors: a shape or device other than
/// that of the result y.
Tensor gate_of(const char* op, const Epilogue& epilogue, const Tensor& y);
Tensor residual_of(const char* op, const Tensor& residual, const Tensor& y);
/// The epilogue as operations of their own. Errors: a gate or residual of another shape.
Tensor apply_epilogue(const Tensor& y, const Epilogue& epilogue);

}  // namespace octet
