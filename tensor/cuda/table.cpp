#include "tensor/cuda/tables.h"

namespace octet::cuda {
namespace {

FloatKernels float_kernels() {
  FloatKernels table;
  table.gemm = gemm;
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
  table.layer_norm_backward = layer_norm_backward;
  table.rms_norm = rms_norm;
  table.rms_norm_backward = rms_norm_backward;
  table.rope = rope;
  table.attention_scratch = attention_scratch;
  table.attention = attention;
  table.attention_backward = attention_backward;
  table.embedding = embedding;
  table.embedding_backward = embedding_backward;
  table.cross_entropy = cross_entropy;
  table.cross_entropy_backward = cross_entropy_backward;
  table.softmax = softmax;
  table.softmax_backward = softmax_backward;
  table.adamw = adamw;
  return table;
}

IntKernels int_kernels() {
  IntKernels table;
  table.quantize_rows = quantize_rows;
  table.int8_product = int8_product;
  table.int8_linear = int8_linear;
  table.int4_product = int4_product;
  table.int4_linear = int4_linear;
  return table;
}

WeightKernels weight_kernels() {
  WeightKernels table;
  table.int8_weights = int8_weights;
  table.nibble_weights = nibble_weights;
  table.f16_weights = f16_weights;
  table.bf16_weights = bf16_weights;
  table.pad_rows = pad_rows;
  table.group_sums = group_sums;
  table.unpack_rows = unpack_rows;
  return table;
}

KvKernels kv_kernels() {
  KvKernels table;
  table.append_keys_values = append_keys_values;
  table.load_keys_values = load_keys_values;
  table.decode_scratch = decode_scratch;
  table.decode_attention = decode_attention;
  return table;
}

}  // namespace

const KernelTable& kernels() {
  static const KernelTable table = {float_kernels(), int_kernels(), weight_kernels(), probe_kernels(), kv_kernels()};
  return table;
}

}  // namespace octet::cuda
