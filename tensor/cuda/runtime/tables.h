#pragma once

#include "tensor/kernels/kernels.h"

// The parts of the kernel table, one file each. They run what their args say on pointers to device memory.

namespace octet::cuda {

// gemm.cpp: column_major, multiply
void gemm(const GemmArgs& args);
void linear_backward(const LinearBackwardArgs& args);

// elementwise.cu
void add(const BinaryArgs& args);
void mul(const BinaryArgs& args);
void axpby(const AxpbyArgs& args);
void add_row(const AddRowArgs& args);
void sum_rows(const SumRowsArgs& args);
double sum_squares(const SumSquaresArgs& args);
void add_squares(const AddSquaresArgs& args);
// diagonal.cu, dropout.cu
void add_diagonal(const AddDiagonalArgs& args);
void dropout(const DropoutArgs& args);
// activation.cu
void gelu(const UnaryArgs& args);
void gelu_backward(const UnaryBackwardArgs& args);
void silu(const UnaryArgs& args);
void silu_backward(const UnaryBackwardArgs& args);
void swiglu(const BinaryArgs& args);
void swiglu_backward(const SwigluBackwardArgs& args);
// norm.cu
void layer_norm(const NormArgs& args);
void layer_norm_backward(const NormBackwardArgs& args);
void rms_norm(const NormArgs& args);
void rms_norm_backward(const NormBackwardArgs& args);
// rope.cu, embedding.cu, cross_entropy.cu, softmax.cu, optimizer.cu
void rope(const RopeArgs& args);
void embedding(const EmbeddingArgs& args);
void embedding_backward(const EmbeddingBackwardArgs& args);
void cross_entropy(const CrossEntropyArgs& args);
void cross_entropy_backward(const CrossEntropyBackwardArgs& args);
void softmax(const SoftmaxArgs& args);
void softmax_backward(const SoftmaxBackwardArgs& args);
void adamw(const AdamWArgs& args);
// attention.cu, attention_backward.cu
std::int64_t attention_scratch(const AttentionArgs& args);
void attention(const AttentionArgs& args);
void attention_backward(const AttentionBackwardArgs& args);
// kv_store.cu, decode_attention.cu
void append_keys_values(const CachedAttentionArgs& args);
void load_keys_values(const CachedAttentionArgs& args, float* keys, float* values);
std::int64_t decode_scratch(const CachedAttentionArgs& args);
void decode_attention(const CachedAttentionArgs& args);
// norm_codes.cu
void layer_norm_codes(const NormCodesArgs& args);
void rms_norm_codes(const NormCodesArgs& args);
// quantize_rows.cu, quantizing_linear.cu, int_linear.cu, weight_linear.cu
void quantize_rows(const QuantizeRowsArgs& args);
bool quantizing_linear(const QuantizingLinearArgs& args);
void int8_product(const IntProductArgs& args);
void int8_linear(const IntLinearArgs& args);
void int4_product(const IntProductArgs& args);
void int4_linear(const IntLinearArgs& args);
void table4_product(const IntProductArgs& args);
void table4_linear(const IntLinearArgs& args);
void int8_weights(const WeightLinearArgs& args);
void nibble_weights(const WeightLinearArgs& args);
void f16_weights(const WeightLinearArgs& args);
void bf16_weights(const WeightLinearArgs& args);
void trellis_weights(const WeightLinearArgs& args);
// pad_rows.cu, group_sums.cu
void pad_rows(const PadRowsArgs& args);
void group_sums(const GroupSumsArgs& args);
// unpack_rows.cu
void unpack_rows(const UnpackRowsArgs& args);
void unpack_columns(const UnpackColumnsArgs& args);
// probe.cu
ProbeKernels probe_kernels();

/// All of them.
const KernelTable& kernels();

}  // namespace octet::cuda
