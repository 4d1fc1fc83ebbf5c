#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "base/error.h"
#include "tensor/cuda/gemm/cublaslt_api.h"
#include "tensor/cuda/gemm/products.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet::cuda {
namespace {

constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;  // NVIDIA's advice for Hopper and later
constexpr std::int64_t kLargestAlignment = 256;                 // nothing is faster for more

/// What the library is told of a product; the same for all with one key. Stays where it is made: what the library keeps
/// in its descriptors is its own affair.
struct Plan {
  cublasLtMatmulDescOpaque_t operation;
  cublasLtMatrixLayoutOpaque_t a, b, d;
  cublasLtMatmulAlgo_t algorithm;
};

/// All that a plan depends on.
using Key = std::array<std::int64_t, 21>;

/// A, B, C or D of a product, column-major.
struct Matrix {
  cudaDataType_t type;
  const void* address;
  std::int64_t rows, columns, leading, stride;
};

bool is_int8(const LtProduct& product) {
  return product.type == LtProduct::Type::int8;
}
Matrix matrix_a(const LtProduct& p) {
  return {is_int8(p) ? CUDA_R_8I : CUDA_R_32F, p.a, p.rows_of_a(), p.columns_of_a(), p.lda, p.stride_a};
}
Matrix matrix_b(const LtProduct& p) {
  return {is_int8(p) ? CUDA_R_8I : CUDA_R_32F, p.b, p.rows_of_b(), p.columns_of_b(), p.ldb, p.stride_b};
}
Matrix matrix_c(const LtProduct& p) {
  return {is_int8(p) ? CUDA_R_32I : CUDA_R_32F, p.c == nullptr ? p.d : p.c, p.m, p.n, p.ldd, p.stride_d};
}
Matrix matrix_d(const LtProduct& p) {
  return {is_int8(p) ? CUDA_R_32I : CUDA_R_32F, p.d, p.m, p.n, p.ldd, p.stride_d};
}

struct Library {
  CublasLtApi api;
  cublasLtHandle_t handle = nullptr;
  std::map<Key, std::unique_ptr<Plan>> plans;  // null where the library has no algorithm
};

Library& library() {
  static Library library;
  return library;
}

/// One of its own: the scratch of runtime.h may hold the operands.
void* product_workspace() {
  static void* const memory = allocate(kWorkspaceBytes);
  return memory;
}

/// Largest power of two that divides the address, up to kLargestAlignment.
std::int64_t alignment_of(const void* address) {
  const auto value = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(address)) | kLargestAlignment;
  return value & -value;
}

/// The same of the addresses at which the columns of all matrices of a batch begin: what may be read in one piece.
std::int64_t alignment_of(const Matrix& matrix, std::int64_t batch) {
  const std::int64_t size = matrix.type == CUDA_R_8I ? 1 : 4;
  const std::int64_t distances = matrix.leading | (batch > 1 ? matrix.stride : 0);
  const std::int64_t all = distances * size | alignment_of(matrix.address);
  return all & -all;
}

Key key_of(const LtProduct& p) {
  return {static_cast<std::int64_t>(p.type),
          static_cast<std::int64_t>(p.math),
          p.transpose_a,
          p.transpose_b,
          p.m,
          p.n,
          p.k,
          p.lda,
          p.ldb,
          p.ldd,
          p.batch,
          p.stride_a,
          p.stride_b,
          p.stride_d,
          alignment_of(p.a),
          alignment_of(p.b),
          p.c == nullptr ? 0 : alignment_of(p.c),
          alignment_of(p.d),
          p.bias == nullptr ? 0 : alignment_of(p.bias),
          p.sums_of_b == nullptr ? 0 : alignment_of(p.sums_of_b),
          p.split_sums};
}

void check_status(const LtProduct& product, const char* call, cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS) {  // messages are put together only then
    fail(ErrorKind::run, "[product] expected {} to succeed, got {} for {}", call, cublasLtGetStatusName(status),
         describe(product));
  }
}

cublasComputeType_t compute_type(const LtProduct& product) {
  if (is_int8(product)) {
    return CUBLAS_COMPUTE_32I;
  }
  switch (product.math) {
    case MathMode::tf32:
      return CUBLAS_COMPUTE_32F_FAST_TF32;
    case MathMode::bf16:
      return CUBLAS_COMPUTE_32F_FAST_16BF;
    case MathMode::fp32:
      break;
  }
  return CUBLAS_COMPUTE_32F;
}

template <typename T>
void set(const LtProduct& product, cublasLtMatmulDescOpaque_t& operation, cublasLtMatmulDescAttributes_t attribute,
         T value) {
  check_status(product, "cublasLtMatmulDescSetAttribute",
               cublasLtMatmulDescSetAttribute(&operation, attribute, &value, sizeof value));
}

template <typename T>
void set(const LtProduct& product, cublasLtMatrixLayoutOpaque_t& layout, cublasLtMatrixLayoutAttribute_t attribute,
         T value) {
  check_status(product, "cublasLtMatrixLayoutSetAttribute",
               cublasLtMatrixLayoutSetAttribute(&layout, attribute, &value, sizeof value));
}

template <typename T>
void set(const LtProduct& product, cublasLtMatmulPreferenceOpaque_t& preference,
         cublasLtMatmulPreferenceAttributes_t attribute, T value) {
  check_status(product, "cublasLtMatmulPreferenceSetAttribute",
               cublasLtMatmulPreferenceSetAttribute(&preference, attribute, &value, sizeof value));
}

void set_operation(const LtProduct& product, cublasLtMatmulDescOpaque_t& operation) {
  check_status(product, "cublasLtMatmulDescInit",
               cublasLtMatmulDescInit(&operation, compute_type(product), is_int8(product) ? CUDA_R_32I : CUDA_R_32F));
  set(product, operation, CUBLASLT_MATMUL_DESC_TRANSA, product.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(product, operation, CUBLASLT_MATMUL_DESC_TRANSB, product.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  if (product.bias != nullptr) {
    set(product, operation, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    set(product, operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, product.bias);
  }
  if (product.sums_of_b != nullptr) {
    set(product, operation, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BGRADB);
    set(product, operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, product.sums_of_b);
  }
}

void set_layout(const LtProduct& product, const Matrix& matrix, cublasLtMatrixLayoutOpaque_t& layout) {
  check_status(product, "cublasLtMatrixLayoutInit",
               cublasLtMatrixLayoutInit(&layout, matrix.type, static_cast<std::uint64_t>(matrix.rows),
                                        static_cast<std::uint64_t>(matrix.columns), matrix.leading));
  set(product, layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<std::int32_t>(product.batch));
  set(product, layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, matrix.stride);
}

void set_preference(const LtProduct& product, cublasLtMatmulPreferenceOpaque_t& preference) {
  check_status(product, "cublasLtMatmulPreferenceInit", cublasLtMatmulPreferenceInit(&preference));
  set(product, preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{kWorkspaceBytes});
  // Of the ways to join the parts of sums that are cut along k, this one has an order: all parts are stored, and a
  // kernel of its own adds them up. Others add to the result as parts are ready.
  set(product, preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      static_cast<std::uint32_t>(product.split_sums ? CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE
                                                    : CUBLASLT_REDUCTION_SCHEME_NONE));
  const auto set_alignment = [&](cublasLtMatmulPreferenceAttributes_t attribute, const Matrix& matrix) {
    set(product, preference, attribute, static_cast<std::uint32_t>(alignment_of(matrix, product.batch)));
  };
  set_alignment(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, matrix_a(product));
  set_alignment(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, matrix_b(product));
  set_alignment(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, matrix_c(product));
  set_alignment(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, matrix_d(product));
}

/// The library's first choice. "None" comes as a status of its own, or with success and a count of zero.
bool choose_algorithm(const LtProduct& product, Plan& plan) {
  cublasLtMatmulPreferenceOpaque_t preference;
  set_preference(product, preference);
  cublasLtMatmulHeuristicResult_t result = {};
  int found = 0;
  const cublasStatus_t status = library().api.get_heuristic(library().handle, &plan.operation, &plan.a, &plan.b,
                                                            &plan.d, &plan.d, &preference, 1, &result, &found);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) {
    return false;
  }
  check_status(product, "cublasLtMatmulAlgoGetHeuristic", status);
  plan.algorithm = result.algo;
  return found > 0 && result.state == CUBLAS_STATUS_SUCCESS;
}

/// Null where the library has no algorithm.
std::unique_ptr<Plan> make_plan(const LtProduct& p) {
  auto plan = std::make_unique<Plan>();
  set_operation(p, plan->operation);
  set_layout(p, matrix_a(p), plan->a);
  set_layout(p, matrix_b(p), plan->b);
  set_layout(p, matrix_d(p), plan->d);
  return choose_algorithm(p, *plan) ? std::move(plan) : nullptr;
}

/// Null where the library has no algorithm.
Plan* plan_of(const LtProduct& product) {
  Library& lt = library();
  if (lt.handle == nullptr) {
    cublasLtHandle_t handle = nullptr;
    check_status(product, "cublasLtCreate", lt.api.create(&handle));
    lt.handle = handle;
  }
  const Key key = key_of(product);
  auto found = lt.plans.find(key);
  if (found == lt.plans.end()) {
    found = lt.plans.emplace(key, make_plan(product)).first;
  }
  return found->second.get();
}

}  // namespace

void set_cublaslt_api(const CublasLtApi& api) {
  library() = Library{api, nullptr, {}};
}

bool can_multiply(const LtProduct& product) {
  check_product(product);
  return plan_of(product) != nullptr;
}

void multiply(const LtProduct& product) {
  check_product(product);
  Plan* const found = plan_of(product);
  if (found == nullptr) {
    fail(ErrorKind::run, "[product] expected cuBLASLt to have an algorithm, got none for {}", describe(product));
  }
  Plan& plan = *found;
  if (product.bias != nullptr) {
    set(product, plan.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, product.bias);
  }
  if (product.sums_of_b != nullptr) {
    set(product, plan.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, product.sums_of_b);
  }
  // alpha and beta have the type of the sums: the bits of 1.0F would be a large integer.
  const std::int32_t one = 1, zero = 0;
  const void* const alpha = is_int8(product) ? static_cast<const void*>(&one) : &product.alpha;
  const void* const beta = is_int8(product) ? static_cast<const void*>(&zero) : &product.beta;
  check_status(product, "cublasLtMatmul",
               library().api.matmul(library().handle, &plan.operation, alpha, product.a, &plan.a, product.b, &plan.b,
                                    beta, matrix_c(product).address, &plan.d, product.d, &plan.d, &plan.algorithm,
                                    product_workspace(), kWorkspaceBytes, static_cast<cudaStream_t>(stream())));
}

}  // namespace octet::cuda
