#pragma once

#include "tensor/cpu/kernels/activation.h"
#include "tensor/cpu/kernels/attention.h"
#include "tensor/cpu/kernels/cross_entropy.h"
#include "tensor/cpu/kernels/elementwise.h"
#include "tensor/cpu/kernels/embedding.h"
#include "tensor/cpu/kernels/gemm.h"
#include "tensor/cpu/kernels/norm.h"
#include "tensor/cpu/kernels/optimizer.h"
#include "tensor/cpu/kernels/rope.h"
#include "tensor/cpu/kernels/softmax.h"

namespace octet::cpu {
namespace {

/// The float kernels as compiled for the including file's instruction set, with `kGemm` for the products of attention.
template <GemmFunction (*kGemm)()>
FloatKernels float_kernels() {
  return {
      .gemm =
          [](const GemmArgs& args) {
            kGemm()(args);
            add_bias_and_residual(args);
          },
      .symmetric_gemm = [](const GemmArgs& args) { symmetric_gemm(args, kGemm()); },
      .linear_backward =
          [](const LinearBackwardArgs& args) {
            linear_gradients(args, kGemm());
            if (args.db != nullptr) sum_rows({.rows = args.rows, .columns = args.n, .x = args.dy, .y = args.db});
          },
      .add = add,
      .mul = mul,
      .axpby = axpby,
      .add_row = add_row,
      .sum_rows = sum_rows,
      .sum_squares = sum_squares,
      .add_squares = add_squares,
      .add_diagonal = add_diagonal,
      .dropout = dropout,
      .gelu = gelu,
      .gelu_backward = gelu_backward,
      .silu = silu,
      .silu_backward = silu_backward,
      .swiglu = swiglu,
      .swiglu_backward = swiglu_backward,
      .layer_norm = layer_norm,
      .layer_norm_backward = norm_backward<true>,
      .rms_norm = rms_norm,
      .rms_norm_backward = norm_backward<false>,
      .rope = rope,
      .attention_scratch = attention_scratch,
      .attention = [](const AttentionArgs& args) { attention_with(args, kGemm()); },
      .attention_backward = [](const AttentionBackwardArgs& args) { attention_backward_with(args, kGemm()); },
      .embedding = embedding,
      .embedding_backward = embedding_backward,
      .cross_entropy = cross_entropy,
      .cross_entropy_backward = cross_entropy_backward,
      .softmax = softmax,
      .softmax_backward = softmax_backward,
      .adamw = adamw,
  };
}

template <IntKernels (*kIntKernels)()>
NormCodesKernels norm_codes_kernels() {
  return {
      .layer_norm_codes = [](const NormCodesArgs& args) { norm_codes(args, layer_norm, kIntKernels().quantize_rows); },
      .rms_norm_codes = [](const NormCodesArgs& args) { norm_codes(args, rms_norm, kIntKernels().quantize_rows); },
  };
}

inline GemmFunction own_gemm() {
  return blocked_gemm;
}
inline GemmFunction best_gemm() {
  return onednn_gemm() != nullptr ? onednn_gemm() : blocked_gemm;
}

}  // namespace
}  // namespace octet::cpu
