#pragma once

#include <cstdint>
#include <string>

#include "tensor/kernels/float_kernels.h"

// Products by cuBLASLt. A product is first written down in the library's own terms, column-major, by plain functions
// that any machine can test; cublaslt.cpp turns that into calls, tensor/cuda_simulator/ computes it on the CPU.

namespace octet::cuda {

/// How FP32 products are computed: exactly as FP32, or with operands rounded to the 10 bits of TF32 or the 7 of BF16
/// for the tensor cores, with FP32 sums. fp32 unless set.
enum class MathMode { fp32, tf32, bf16 };
MathMode math_mode();
void set_math_mode(MathMode mode);

/// D (m, n) = alpha op(A) (m, k) op(B) (k, n) + beta C [+ bias along m], column-major: element (i, j) of a matrix is at
/// [j * ld + i]. `batch` times, with strides in elements; all share the bias. Types: f32 operands, sums and result; or
/// int8 operands with int32 sums and result.
struct LtProduct {
  enum class Type { f32, int8 };
  Type type = Type::f32;
  MathMode math = MathMode::fp32;
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  const void* a = nullptr;
  std::int64_t lda = 0;
  const void* b = nullptr;
  std::int64_t ldb = 0;
  const void* c = nullptr;  // lies as D does; null: D itself. Not read where beta is 0
  void* d = nullptr;
  std::int64_t ldd = 0;
  float alpha = 1.0F, beta = 0.0F;  // int8: 1 and 0
  const float* bias = nullptr;      // (m), or null; int8: null
  float* sums_of_b = nullptr;       // (n): also the sums of op(B) along k, or null; without a bias, f32, one matrix
  std::int64_t batch = 1, stride_a = 0, stride_b = 0, stride_d = 0;
  bool split_sums = false;  // the library may cut sums along k

  /// As stored: A is (m, k), or (k, m) where it is transposed; B likewise.
  std::int64_t rows_of_a() const { return transpose_a ? k : m; }
  std::int64_t columns_of_a() const { return transpose_a ? m : k; }
  std::int64_t rows_of_b() const { return transpose_b ? n : k; }
  std::int64_t columns_of_b() const { return transpose_b ? k : n; }
};

/// "int8 TN, m 768, n 32, k 256, lda 256, ldb 256, ldd 768", for messages; with the batch where there is one.
std::string describe(const LtProduct& product);

/// The row-major product of `args`, in the math mode that is set, as a column-major one: a row-major matrix is its
/// transpose column-major, so the operands change places.
LtProduct column_major(const GemmArgs& args);

/// Y (M, N) int32 = X (M, K) int8 W (N, K)^T, row-major with rows of X and W `stride` elements apart: the only form
/// (transposed, not transposed) in which cuBLASLt multiplies int8 on every chip. Where K or N are no multiples of 4,
/// codes are padded with zeros and K and N count the padding.
LtProduct int8_product(std::int64_t m, std::int64_t n, std::int64_t k, const std::int8_t* x, const std::int8_t* w,
                       std::int64_t stride, std::int32_t* y);

/// Refuses what the library would accept in silence, or refuse without a reason. Errors: a size below 1; a leading
/// dimension below the rows of its matrix; and of int8 another form than TN, m, k, a leading dimension or a stride that
/// is no multiple of 4, an address that is no multiple of 16, a bias, alpha and beta other than 1 and 0.
void check_product(const LtProduct& product);

/// Whether the library has an algorithm for it on this chip, after check_product. For FP32 it has; for int8 not on
/// every chip. The library is asked once for each kind of product, and its answer remembered.
bool can_multiply(const LtProduct& product);

/// Runs it on the stream of runtime.h, after check_product. The first product of its kind asks the library for an
/// algorithm, which a CUDA graph cannot record; the next ones remember. Errors: what the library says, with the
/// product.
void multiply(const LtProduct& product);

}  // namespace octet::cuda
