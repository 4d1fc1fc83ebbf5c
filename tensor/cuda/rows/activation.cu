#include "tensor/cuda/rows/map.h"
#include "tensor/cuda/runtime/tables.h"
#include "tensor/kernels/formulas.h"

namespace octet::cuda {

void gelu(const UnaryArgs& args) {
  map(
      "gelu", args.count, [] __device__(float x, float& y) { y = gelu_of(x); }, args.x, args.y);
}

void gelu_backward(const UnaryBackwardArgs& args) {
  map(
      "gelu_backward", args.count, [] __device__(float x, float dy, float& dx) { dx = gelu_gradient(x, dy); }, args.x,
      args.dy, args.dx);
}

void silu(const UnaryArgs& args) {
  map(
      "silu", args.count, [] __device__(float x, float& y) { y = silu_of(x); }, args.x, args.y);
}

void silu_backward(const UnaryBackwardArgs& args) {
  map(
      "silu_backward", args.count, [] __device__(float x, float dy, float& dx) { dx = silu_gradient(x, dy); }, args.x,
      args.dy, args.dx);
}

void swiglu(const BinaryArgs& args) {
  map(
      "swiglu", args.count, [] __device__(float gate, float up, float& y) { y = silu_of(gate) * up; }, args.a, args.b,
      args.y);
}

void swiglu_backward(const SwigluBackwardArgs& args) {
  const auto gradient = [] __device__(float gate, float up, float dy, float& dgate, float& dup) {
    const SwigluGradient result = swiglu_gradient(gate, up, dy);
    dgate = result.gate;
    dup = result.up;
  };
  map("swiglu_backward", args.count, gradient, args.gate, args.up, args.dy, args.dgate, args.dup);
}

}  // namespace octet::cuda
