#include "tensor/cuda/runtime/cublaslt_library.h"

#include <cublasLt.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include "base/error.h"

// The functions of cuBLASLt that Octet calls, each of which hands on to the library; the first call opens it. A program
// that is linked to the library opens it at its start, and what the library (13.1) then prepares takes 60 ms and 100
// MB: also for `octet --version`, and where there is no GPU. It would not start at all where the library is missing.

namespace octet::cuda {
namespace {

struct Library {
  void* handle = nullptr;
  std::string error;
};

const Library& library() {
  static const Library library = [] {
    const std::string name = fmt::format("libcublasLt.so.{}", CUBLAS_VER_MAJOR);
    void* const handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    return Library{handle, handle == nullptr ? fmt::format("no cuBLASLt (the system says: {})", dlerror()) : ""};
  }();
  return library;
}

/// The library's function of that name, whose type is that of `declared`.
template <typename Function>
Function* library_function(Function* /*declared*/, const char* name) {
  if (library().handle == nullptr) fail(ErrorKind::capability, "[cuda] {}", library().error);
  void* const found = dlsym(library().handle, name);
  if (found == nullptr) fail(ErrorKind::capability, "[cuda] expected cuBLASLt to have {}, it has not", name);
  return reinterpret_cast<Function*>(found);
}

}  // namespace

std::string missing_cublaslt() {
  return library().error;
}

}  // namespace octet::cuda

using octet::cuda::library_function;

extern "C" {

size_t cublasLtGetVersion() {
  static const auto call = library_function(&cublasLtGetVersion, "cublasLtGetVersion");
  return call();
}

const char* cublasLtGetStatusName(cublasStatus_t status) {
  static const auto call = library_function(&cublasLtGetStatusName, "cublasLtGetStatusName");
  return call(status);
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  static const auto call = library_function(&cublasLtCreate, "cublasLtCreate");
  return call(handle);
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  static const auto call = library_function(&cublasLtDestroy, "cublasLtDestroy");
  return call(handle);
}

cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t operation, size_t size, cublasComputeType_t compute,
                                               cudaDataType_t scale) {
  static const auto call = library_function(&cublasLtMatmulDescInit_internal, "cublasLtMatmulDescInit_internal");
  return call(operation, size, compute, scale);
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, size_t bytes) {
  static const auto call = library_function(&cublasLtMatmulDescSetAttribute, "cublasLtMatmulDescSetAttribute");
  return call(operation, attribute, value, bytes);
}

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, size_t size, cudaDataType type,
                                                 uint64_t rows, uint64_t columns, int64_t leading) {
  static const auto call = library_function(&cublasLtMatrixLayoutInit_internal, "cublasLtMatrixLayoutInit_internal");
  return call(layout, size, type, rows, columns, leading);
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                                size_t bytes) {
  static const auto call = library_function(&cublasLtMatrixLayoutSetAttribute, "cublasLtMatrixLayoutSetAttribute");
  return call(layout, attribute, value, bytes);
}

cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t preference, size_t size) {
  static const auto call =
      library_function(&cublasLtMatmulPreferenceInit_internal, "cublasLtMatmulPreferenceInit_internal");
  return call(preference, size);
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                                    size_t bytes) {
  static const auto call =
      library_function(&cublasLtMatmulPreferenceSetAttribute, "cublasLtMatmulPreferenceSetAttribute");
  return call(preference, attribute, value, bytes);
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t* results, int* found) {
  static const auto call = library_function(&cublasLtMatmulAlgoGetHeuristic, "cublasLtMatmulAlgoGetHeuristic");
  return call(handle, operation, a, b, c, d, preference, wanted, results, found);
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t layout_a, const void* b, cublasLtMatrixLayout_t layout_b,
                              const void* beta, const void* c, cublasLtMatrixLayout_t layout_c, void* d,
                              cublasLtMatrixLayout_t layout_d, const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              size_t workspace_bytes, cudaStream_t stream) {
  static const auto call = library_function(&cublasLtMatmul, "cublasLtMatmul");
  return call(handle, operation, alpha, a, layout_a, b, layout_b, beta, c, layout_c, d, layout_d, algorithm, workspace,
              workspace_bytes, stream);
}

}  // extern "C"
