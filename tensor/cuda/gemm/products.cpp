#include "tensor/cuda/gemm/products.h"

#include "base/error.h"
#include "tensor/cuda/runtime/switches.h"

namespace octet::cuda {
namespace {

MathMode& current_math_mode() {
  static MathMode mode = MathMode::fp32;
  return mode;
}

// A version of the library was seen to lose the end of split sums whose length is no multiple of a tile along K
// (docs/cuda.md); FP32 kernels of the library have tiles of 8, 16 or 32.
constexpr std::int64_t kSplitSumMultiple = 64;

// Called for every product: messages are put together only where something is wrong.

void check_leading(const LtProduct& product, const char* name, std::int64_t leading, std::int64_t rows) {
  if (leading < rows) {
    fail(ErrorKind::run, "[product] expected {} of at least {}, the rows of its matrix, got {}", name, rows,
         describe(product));
  }
}

void check_multiple_of_4(const LtProduct& product, const char* name, std::int64_t value) {
  if (value % 4 != 0) {
    fail(ErrorKind::run, "[product] expected {} to be a multiple of 4 for int8, got {} in {}", name, value,
         describe(product));
  }
}

void check_address(const LtProduct& product, const char* name, const void* address) {
  const auto value = reinterpret_cast<std::uintptr_t>(address);
  if (value % 16 != 0) {
    fail(ErrorKind::run, "[product] expected the address of {} to be a multiple of 16 for int8, got {:#x} in {}", name,
         value, describe(product));
  }
}

void check_int8(const LtProduct& product) {
  if (!product.transpose_a || product.transpose_b) {
    fail(ErrorKind::run, "[product] expected the form TN for int8, got {}", describe(product));
  }
  if (product.bias != nullptr) {
    fail(ErrorKind::run, "[product] expected no bias for int8, got one in {}", describe(product));
  }
  if (product.alpha != 1.0F || product.beta != 0.0F) {
    fail(ErrorKind::run, "[product] expected alpha 1 and beta 0 for int8, got {} and {} in {}", product.alpha,
         product.beta, describe(product));
  }
  check_multiple_of_4(product, "m", product.m);
  check_multiple_of_4(product, "k", product.k);
  check_multiple_of_4(product, "lda", product.lda);
  check_multiple_of_4(product, "ldb", product.ldb);
  check_multiple_of_4(product, "ldd", product.ldd);
  check_multiple_of_4(product, "stride_a", product.stride_a);
  check_multiple_of_4(product, "stride_b", product.stride_b);
  check_multiple_of_4(product, "stride_d", product.stride_d);
  check_address(product, "A", product.a);
  check_address(product, "B", product.b);
  check_address(product, "D", product.d);
}

void check_sums_of_b(const LtProduct& product) {
  if (product.type == LtProduct::Type::int8 || product.bias != nullptr || product.batch != 1) {
    fail(ErrorKind::run, "[product] expected f32, no bias and one matrix with sums of B, got {}{}", describe(product),
         product.bias == nullptr ? "" : ", a bias");
  }
}

}  // namespace

MathMode math_mode() {
  return current_math_mode();
}

void set_math_mode(MathMode mode) {
  current_math_mode() = mode;
}

std::string describe(const LtProduct& product) {
  std::string text = fmt::format("{} {}{}, m {}, n {}, k {}, lda {}, ldb {}, ldd {}",
                                 product.type == LtProduct::Type::int8 ? "int8" : "f32",
                                 product.transpose_a ? 'T' : 'N', product.transpose_b ? 'T' : 'N', product.m, product.n,
                                 product.k, product.lda, product.ldb, product.ldd);
  if (product.batch != 1) {
    text +=
        fmt::format(", batch {} at {}, {}, {}", product.batch, product.stride_a, product.stride_b, product.stride_d);
  }
  return text;
}

LtProduct column_major(const GemmArgs& args) {
  // C^T (n, m) = op(B)^T (n, k) op(A)^T (k, m)
  return {.math = math_mode(),
          .transpose_a = args.transpose_b,
          .transpose_b = args.transpose_a,
          .m = args.n,
          .n = args.m,
          .k = args.k,
          .a = args.b,
          .lda = args.ldb,
          .b = args.a,
          .ldb = args.lda,
          .c = args.residual,
          .d = args.c,
          .ldd = args.ldc,
          .alpha = args.alpha,
          .beta = args.residual != nullptr ? 1.0F : args.beta,
          .bias = args.bias,
          .batch = args.batch,
          .stride_a = args.stride_b,
          .stride_b = args.stride_a,
          .stride_d = args.stride_c,
          .split_sums = switches().split_sums && args.k % kSplitSumMultiple == 0};
}

LtProduct int8_product(std::int64_t m, std::int64_t n, std::int64_t k, const std::int8_t* x, const std::int8_t* w,
                       std::int64_t stride, std::int32_t* y) {
  return {.type = LtProduct::Type::int8,
          .transpose_a = true,
          .m = n,
          .n = m,
          .k = k,
          .a = w,
          .lda = stride,
          .b = x,
          .ldb = stride,
          .d = y,
          .ldd = n};
}

void check_product(const LtProduct& product) {
  if (product.m < 1 || product.n < 1 || product.k < 1 || product.batch < 1) {
    fail(ErrorKind::run, "[product] expected sizes of at least 1, got {}", describe(product));
  }
  check_leading(product, "lda", product.lda, product.rows_of_a());
  check_leading(product, "ldb", product.ldb, product.rows_of_b());
  check_leading(product, "ldd", product.ldd, product.m);
  if (product.type == LtProduct::Type::int8) {
    check_int8(product);
  }
  if (product.sums_of_b != nullptr) {
    check_sums_of_b(product);
  }
}

}  // namespace octet::cuda
