#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

FloatKernels float_kernels() {
  return {
      .gemm = gemm,
      .symmetric_gemm = gemm,  // a GPU would wait longer for strips than for the whole
      .linear_backward = linear_backward,
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
      .layer_norm_backward = layer_norm_backward,
      .rms_norm = rms_norm,
      .rms_norm_backward = rms_norm_backward,
      .rope = rope,
      .attention_scratch = attention_scratch,
      .attention = attention,
      .attention_backward = attention_backward,
      .embedding = embedding,
      .embedding_backward = embedding_backward,
      .cross_entropy = cross_entropy,
      .cross_entropy_backward = cross_entropy_backward,
      .softmax = softmax,
      .softmax_backward = softmax_backward,
      .adamw = adamw,
  };
}

IntKernels int_kernels() {
  return {
      .quantize_rows = quantize_rows,
      .int8_product = int8_product,
      .int8_linear = int8_linear,
      .int4_product = int4_product,
      .int4_linear = int4_linear,
      .table4_product = table4_product,
      .table4_linear = table4_linear,
      .quantizing_linear = quantizing_linear,
  };
}

NormCodesKernels norm_codes_kernels() {
  return {
      .layer_norm_codes = layer_norm_codes,
      .rms_norm_codes = rms_norm_codes,
  };
}

WeightKernels weight_kernels() {
  return {
      .int8_weights = int8_weights,
      .nibble_weights = nibble_weights,
      .f16_weights = f16_weights,
      .bf16_weights = bf16_weights,
      .trellis_weights = trellis_weights,
      .pad_rows = pad_rows,
      .group_sums = group_sums,
      .unpack_rows = unpack_rows,
      .unpack_columns = unpack_columns,
  };
}

KvKernels kv_kernels() {
  return {
      .append_keys_values = append_keys_values,
      .load_keys_values = load_keys_values,
      .decode_scratch = decode_scratch,
      .decode_attention = decode_attention,
  };
}

}  // namespace

const KernelTable& kernels() {
  static const KernelTable table = {float_kernels(),  int_kernels(),   norm_codes_kernels(),
                                    weight_kernels(), probe_kernels(), kv_kernels()};
  return table;
}

}  // namespace octet::cuda
