#include "tensor/ops/activation.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"
#include "tensor/ops/elementwise.h"

namespace octet {
namespace {

using Forward = void (*FloatKernels::*)(const UnaryArgs&);
using Derivative = void (*FloatKernels::*)(const UnaryBackwardArgs&);

Tensor unary(const char* name, const Tensor& x, Forward forward, Derivative derivative) {
  const Tensor in = dense(name, x);
  Tensor y = empty_like(x, x.shape());
  (kernels(x.device()).*forward)({in.elements(), in.data<float>(), y.data<float>()});
  return record(name, {x}, y, [name, in, derivative](const Tensor& grad) {
    // forward: y = f(x); so dx = dy * f'(x).
    const Tensor dy = dense(name, grad);
    Tensor dx = empty_like(in, in.shape());
    (kernels(in.device()).*derivative)({in.elements(), in.data<float>(), dy.data<float>(), dx.data<float>()});
    return std::vector<Tensor>{dx};
  });
}

Tensor apply_nonlinearity(const Tensor& y, const Epilogue& epilogue) {
  switch (epilogue.f) {
    case Nonlinearity::none:
      return y;
    case Nonlinearity::gelu:
      return gelu(y);
    case Nonlinearity::silu:
      return silu(y);
    case Nonlinearity::swiglu:
      return swiglu(epilogue.gate, y);
  }
  return y;
}

}  // namespace

Tensor gelu(const Tensor& x) {
  return unary("gelu", x, &FloatKernels::gelu, &FloatKernels::gelu_backward);
}

Tensor silu(const Tensor& x) {
  return unary("silu", x, &FloatKernels::silu, &FloatKernels::silu_backward);
}

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  check_same_shape("swiglu", gate, up);
  check_same_device("swiglu", gate, up);
  const Tensor g = dense("swiglu", gate), u = dense("swiglu", up);
  Tensor y = empty_like(gate, gate.shape());
  kernels(gate.device()).swiglu({g.elements(), g.data<float>(), u.data<float>(), y.data<float>()});
  return record("swiglu", {gate, up}, y, [g, u](const Tensor& grad) {
    // forward: y = silu(gate) * up; so dgate = dy * up * silu'(gate) and dup = dy * silu(gate).
    const Tensor dy = dense("swiglu", grad);
    Tensor dgate = empty_like(g, g.shape()), dup = empty_like(g, g.shape());
    kernels(g.device())
        .swiglu_backward(
            {g.elements(), g.data<float>(), u.data<float>(), dy.data<float>(), dgate.data<float>(), dup.data<float>()});
    return std::vector<Tensor>{dgate, dup};
  });
}

Epilogue Epilogue::swiglu(Tensor gate) {
  Epilogue epilogue(Nonlinearity::swiglu);
  epilogue.gate = std::move(gate);
  return epilogue;
}

Epilogue Epilogue::plus(Tensor residual) {
  Epilogue epilogue;
  epilogue.residual = std::move(residual);
  return epilogue;
}

Tensor gate_of(const char* op, const Epilogue& epilogue, const Tensor& y) {
  if (epilogue.f != Nonlinearity::swiglu) {
    return {};
  }
  check_same_shape(op, epilogue.gate, y);
  check_same_device(op, y, epilogue.gate);
  return dense(op, epilogue.gate);
}

Tensor residual_of(const char* op, const Tensor& residual, const Tensor& y) {
  if (!residual.defined()) {
    return {};
  }
  check_same_shape(op, residual, y);
  check_same_device(op, y, residual);
  return dense(op, residual);
}

Tensor apply_epilogue(const Tensor& y, const Epilogue& epilogue) {
  const Tensor result = apply_nonlinearity(y, epilogue);
  return epilogue.residual.defined() ? add(result, epilogue.residual) : result;
}

}  // namespace octet
