#pragma once

#include <vector>

#include <gtest/gtest.h>

#include "tensor/cuda/gemm/cublaslt_api.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda_simulator/host_product.h"

// cuBLASLt without a GPU: descriptors are the library's own and are read back, products are computed from them on the
// host. So a wrong transposition, size, stride or type gives a wrong result here as it would there.

namespace octet::cuda {

template <typename T>
T attribute(cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t name) {
  T value{};
  EXPECT_EQ(cublasLtMatrixLayoutGetAttribute(layout, name, &value, sizeof value, nullptr), CUBLAS_STATUS_SUCCESS);
  return value;
}
template <typename T>
T attribute(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t name) {
  T value{};
  EXPECT_EQ(cublasLtMatmulDescGetAttribute(operation, name, &value, sizeof value, nullptr), CUBLAS_STATUS_SUCCESS);
  return value;
}
template <typename T>
T attribute(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t name) {
  T value{};
  EXPECT_EQ(cublasLtMatmulPreferenceGetAttribute(preference, name, &value, sizeof value, nullptr),
            CUBLAS_STATUS_SUCCESS);
  return value;
}

struct Layout {
  std::int32_t type, order, batch;
  std::int64_t rows, columns, leading, stride;
};

inline Layout read_back(cublasLtMatrixLayout_t layout) {
  return {attribute<std::int32_t>(layout, CUBLASLT_MATRIX_LAYOUT_TYPE),
          attribute<std::int32_t>(layout, CUBLASLT_MATRIX_LAYOUT_ORDER),
          attribute<std::int32_t>(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT),
          static_cast<std::int64_t>(attribute<std::uint64_t>(layout, CUBLASLT_MATRIX_LAYOUT_ROWS)),
          static_cast<std::int64_t>(attribute<std::uint64_t>(layout, CUBLASLT_MATRIX_LAYOUT_COLS)),
          attribute<std::int64_t>(layout, CUBLASLT_MATRIX_LAYOUT_LD),
          attribute<std::int64_t>(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET)};
}

/// What a query for an algorithm asked for.
struct Query {
  std::uint64_t workspace;
  std::uint32_t reductions, align_a, align_b, align_c, align_d;
};

/// What the fake library was told, and how it shall answer.
struct Record {
  int handles = 0;
  std::vector<Query> queries;
  std::vector<std::int32_t> compute_types, scale_types;
  int algorithms = 1;
  cublasStatus_t create_status = CUBLAS_STATUS_SUCCESS, heuristic_status = CUBLAS_STATUS_SUCCESS,
                 matmul_status = CUBLAS_STATUS_SUCCESS;
};
inline Record record;

inline cublasLtHandle_t fake_handle() {
  static int handle;
  return reinterpret_cast<cublasLtHandle_t>(&handle);
}
constexpr std::uint64_t kAlgorithm = 42;

inline cublasStatus_t fake_create(cublasLtHandle_t* handle) {
  ++record.handles;
  *handle = record.create_status == CUBLAS_STATUS_SUCCESS ? fake_handle() : nullptr;
  return record.create_status;
}

inline cublasStatus_t fake_heuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                                     cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                     cublasLtMatmulPreference_t preference, int requested,
                                     cublasLtMatmulHeuristicResult_t* results, int* found) {
  EXPECT_EQ(handle, fake_handle());
  EXPECT_GE(requested, 1);
  record.queries.push_back({attribute<std::uint64_t>(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES),
                            attribute<std::uint32_t>(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK),
                            attribute<std::uint32_t>(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES),
                            attribute<std::uint32_t>(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES),
                            attribute<std::uint32_t>(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES),
                            attribute<std::uint32_t>(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES)});
  if (record.heuristic_status != CUBLAS_STATUS_SUCCESS) {
    return record.heuristic_status;
  }
  *found = record.algorithms;
  if (*found > 0) {
    results[0].state = CUBLAS_STATUS_SUCCESS;
    results[0].algo.data[0] = kAlgorithm;
  }
  return CUBLAS_STATUS_SUCCESS;
}

/// What the descriptors say, in the terms of LtProduct; of sizes the inner ones must agree.
inline LtProduct described(cublasLtMatmulDesc_t operation, const Layout& a, const Layout& b, const Layout& d) {
  LtProduct p;
  p.transpose_a = attribute<std::int32_t>(operation, CUBLASLT_MATMUL_DESC_TRANSA) == CUBLAS_OP_T;
  p.transpose_b = attribute<std::int32_t>(operation, CUBLASLT_MATMUL_DESC_TRANSB) == CUBLAS_OP_T;
  p.type = a.type == CUDA_R_8I ? LtProduct::Type::int8 : LtProduct::Type::f32;
  p.m = d.rows;
  p.n = d.columns;
  p.k = p.transpose_a ? a.rows : a.columns;
  EXPECT_EQ(p.transpose_a ? a.columns : a.rows, p.m);
  EXPECT_EQ(p.transpose_b ? b.rows : b.columns, p.n);
  EXPECT_EQ(p.transpose_b ? b.columns : b.rows, p.k);
  EXPECT_EQ(b.type, a.type);
  EXPECT_EQ(d.type, p.type == LtProduct::Type::int8 ? CUDA_R_32I : CUDA_R_32F);
  for (const Layout& layout : {a, b, d}) {
    EXPECT_EQ(layout.order, CUBLASLT_ORDER_COL);
    EXPECT_EQ(layout.batch, d.batch);
    EXPECT_GE(layout.leading, layout.rows);
  }
  p.lda = a.leading;
  p.ldb = b.leading;
  p.ldd = d.leading;
  p.batch = d.batch;
  p.stride_a = a.stride;
  p.stride_b = b.stride;
  p.stride_d = d.stride;
  const auto epilogue = attribute<std::uint32_t>(operation, CUBLASLT_MATMUL_DESC_EPILOGUE);
  if (epilogue == CUBLASLT_EPILOGUE_BIAS) {
    p.bias = attribute<const float*>(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER);
  }
  if (epilogue == CUBLASLT_EPILOGUE_BGRADB) {
    p.sums_of_b = attribute<float*>(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER);
  }
  return p;
}

/// alpha and beta, read as the scale type says.
inline float scalar(const void* value, std::int32_t type) {
  return type == CUDA_R_32I ? static_cast<float>(*static_cast<const std::int32_t*>(value))
                            : *static_cast<const float*>(value);
}

inline cublasStatus_t fake_matmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha,
                                  const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                                  cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                                  cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                                  const cublasLtMatmulAlgo_t* algorithm, void* workspace, std::size_t workspace_bytes,
                                  cudaStream_t on_stream) {
  EXPECT_EQ(handle, fake_handle());
  EXPECT_EQ(on_stream, stream());
  EXPECT_EQ(algorithm->data[0], kAlgorithm);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(workspace) % 256, 0U);
  EXPECT_EQ(workspace_bytes, record.queries.back().workspace);
  EXPECT_EQ(c, d);
  EXPECT_EQ(read_back(c_layout).leading, read_back(d_layout).leading);
  record.compute_types.push_back(attribute<std::int32_t>(operation, CUBLASLT_MATMUL_DESC_COMPUTE_TYPE));
  record.scale_types.push_back(attribute<std::int32_t>(operation, CUBLASLT_MATMUL_DESC_SCALE_TYPE));
  LtProduct product = described(operation, read_back(a_layout), read_back(b_layout), read_back(d_layout));
  product.a = a;
  product.b = b;
  product.d = d;
  product.alpha = scalar(alpha, record.scale_types.back());
  product.beta = scalar(beta, record.scale_types.back());
  if (product.type == LtProduct::Type::int8) {
    EXPECT_EQ(product.alpha, 1.0F);
    EXPECT_EQ(product.beta, 0.0F);
  }
  if (record.matmul_status == CUBLAS_STATUS_SUCCESS) {
    multiply_on_host(product);
  }
  return record.matmul_status;
}

/// Starts a new record.
inline void use_fake_cublaslt() {
  record = {};
  set_cublaslt_api({fake_create, fake_heuristic, fake_matmul});
}

}  // namespace octet::cuda
