#pragma once

#include <cublasLt.h>

namespace octet::cuda {

/// The calls of cuBLASLt that need a GPU. A test puts its own in their place and sees what the library would be told;
/// descriptors are always the library's, since they work without a GPU.
struct CublasLtApi {
  decltype(&cublasLtCreate) create = cublasLtCreate;
  decltype(&cublasLtMatmulAlgoGetHeuristic) get_heuristic = cublasLtMatmulAlgoGetHeuristic;
  decltype(&cublasLtMatmul) matmul = cublasLtMatmul;
};

/// Takes these calls from now on, with a new handle and no algorithm remembered.
void set_cublaslt_api(const CublasLtApi& api);

}  // namespace octet::cuda
