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
  FloatKernels table;
  table.gemm = kGemm();
  table.add = add;
  table.mul = mul;
  table.axpby = axpby;
  table.add_row = add_row;
  table.sum_rows = sum_rows;
  table.sum_squares = sum_squares;
  table.add_squares = add_squares;
  table.add_diagonal = add_diagonal;
  table.dropout = dropout;
  table.gelu = gelu;
  table.gelu_backward = gelu_backward;
  table.silu = silu;
  table.silu_backward = silu_backward;
  table.swiglu = swiglu;
  table.swiglu_backward = swiglu_backward;
  table.layer_norm = layer_norm;
  table.layer_norm_backward = norm_backward<true>;
  table.rms_norm = rms_norm;
  table.rms_norm_backward = norm_backward<false>;
  table.rope = rope;
  table.attention_scratch = attention_scratch;
  table.attention = [](const AttentionArgs& args) { attention_with(args, kGemm()); };
  table.attention_backward = [](const AttentionBackwardArgs& args) { attention_backward_with(args, kGemm()); };
  table.embedding = embedding;
  table.embedding_backward = embedding_backward;
  table.cross_entropy = cross_entropy;
  table.cross_entropy_backward = cross_entropy_backward;
  table.softmax = softmax;
  table.softmax_backward = softmax_backward;
  table.adamw = adamw;
  return table;
}

inline GemmFunction own_gemm() {
  return blocked_gemm;
}
inline GemmFunction best_gemm() {
  return onednn_gemm() != nullptr ? onednn_gemm() : blocked_gemm;
}

}  // namespace
}  // namespace octet::cpu
