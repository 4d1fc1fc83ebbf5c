// What cuBLASLt takes beyond Octet's own products, as one JSON document: epilogues with GELU, int8 operands with FP32
// sums, int8 results. For each: the library's answer, how many kernels it starts (one where the epilogue is part of the
// product) and how fast it is. Without a GPU it says so and returns 4.
//
//     build/release/gpu_cublaslt --out gpu_cublaslt.json

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "base/error.h"
#include "bench/gpu.h"
#include "bench/options.h"
#include "bench/products.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet::bench {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kSize = 4096;  // M, N and K
constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;

/// D = epilogue(alpha A^T B), column-major. int8 results are scaled by `alpha`.
struct Trial {
  const char* name;
  cublasComputeType_t compute;
  cudaDataType_t scale, operands, result;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  bool alpha_for_each_row = false;
};

constexpr Trial kTrials[] = {
    {"fp32", CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
    {"fp32 bias", CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLASLT_EPILOGUE_BIAS},
    {"fp32 gelu bias", CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLASLT_EPILOGUE_GELU_BIAS},
    {"fp32 gelu aux bias", CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLASLT_EPILOGUE_GELU_AUX_BIAS},
    {"tf32", CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
    {"tf32 bias", CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLASLT_EPILOGUE_BIAS},
    {"tf32 gelu bias", CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLASLT_EPILOGUE_GELU_BIAS},
    {"tf32 gelu aux bias", CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F,
     CUBLASLT_EPILOGUE_GELU_AUX_BIAS},
    {"int8 to int32", CUBLAS_COMPUTE_32I, CUDA_R_32I, CUDA_R_8I, CUDA_R_32I},
    {"int8 to fp32, fp32 sums", CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_8I, CUDA_R_32F},
    {"int8 to int8", CUBLAS_COMPUTE_32I, CUDA_R_32F, CUDA_R_8I, CUDA_R_8I},
    {"int8 to int8 bias", CUBLAS_COMPUTE_32I, CUDA_R_32F, CUDA_R_8I, CUDA_R_8I, CUBLASLT_EPILOGUE_BIAS},
    {"int8 to int8, alpha for each row", CUBLAS_COMPUTE_32I, CUDA_R_32F, CUDA_R_8I, CUDA_R_8I,
     CUBLASLT_EPILOGUE_DEFAULT, true},
};

/// Memory for every trial: large enough for FP32.
struct Operands {
  Tensor a = random_values({kSize, kSize}).to(DeviceKind::cuda);
  Tensor b = random_values({kSize, kSize}).to(DeviceKind::cuda);
  Tensor d = Tensor::empty({kSize, kSize}, DType::f32, DeviceKind::cuda);
  Tensor before_gelu = Tensor::empty({kSize, kSize}, DType::f32, DeviceKind::cuda);
  Tensor bias = random_values({kSize}).to(DeviceKind::cuda);
  Tensor alpha = random_values({kSize}).to(DeviceKind::cuda);
  Tensor workspace = Tensor::empty({static_cast<std::int64_t>(kWorkspaceBytes) / 4}, DType::f32, DeviceKind::cuda);
};

void check_status(const char* call, cublasStatus_t status) {
  check(status == CUBLAS_STATUS_SUCCESS, "{}: {}", call, cublasLtGetStatusName(status));
}

cudaStream_t the_stream() {
  return static_cast<cudaStream_t>(cuda::stream());
}

/// A trial as the library knows it.
class Product {
 public:
  Product(const Trial& trial, const Operands& operands) : trial_(trial), operands_(operands) {
    check_status("cublasLtCreate", cublasLtCreate(&handle_));
    check_status("cublasLtMatmulDescInit", cublasLtMatmulDescInit(&operation_, trial.compute, trial.scale));
    set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, trial.epilogue);
    if (trial.epilogue != CUBLASLT_EPILOGUE_DEFAULT) {
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, operands.bias.raw_data());
      set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
    }
    if (trial.epilogue == CUBLASLT_EPILOGUE_GELU_AUX_BIAS) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, operands.before_gelu.raw_data());
      set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, kSize);
    }
    if (trial.alpha_for_each_row) {
      set(CUBLASLT_MATMUL_DESC_POINTER_MODE, CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_HOST);
    }
    check_status("cublasLtMatrixLayoutInit", cublasLtMatrixLayoutInit(&factor_, trial.operands, kSize, kSize, kSize));
    check_status("cublasLtMatrixLayoutInit", cublasLtMatrixLayoutInit(&result_, trial.result, kSize, kSize, kSize));
  }
  ~Product() { (void)cublasLtDestroy(handle_); }
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  /// False, with the reason in `answer`, where the library has no algorithm.
  bool find_algorithm(std::string& answer) {
    cublasLtMatmulPreferenceOpaque_t preference;
    const auto workspace = std::uint64_t{kWorkspaceBytes};
    check_status("cublasLtMatmulPreferenceInit", cublasLtMatmulPreferenceInit(&preference));
    check_status("cublasLtMatmulPreferenceSetAttribute",
                 cublasLtMatmulPreferenceSetAttribute(&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
                                                      sizeof workspace));
    int found = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(handle_, &operation_, &factor_, &factor_, &result_,
                                                                 &result_, &preference, 1, &choice_, &found);
    answer = fmt::format("{}, {} algorithms", cublasLtGetStatusName(status), found);
    return status == CUBLAS_STATUS_SUCCESS && found > 0;
  }

  void run() {
    const std::int32_t int_one = 1, int_zero = 0;
    const float one = 1.0F, zero = 0.0F;
    const bool integers = trial_.scale == CUDA_R_32I;
    const void* alpha = integers ? static_cast<const void*>(&int_one) : &one;
    const void* beta = integers ? static_cast<const void*>(&int_zero) : &zero;
    check_status("cublasLtMatmul",
                 cublasLtMatmul(handle_, &operation_, trial_.alpha_for_each_row ? operands_.alpha.raw_data() : alpha,
                                operands_.a.raw_data(), &factor_, operands_.b.raw_data(), &factor_, beta,
                                operands_.d.raw_data(), &result_, operands_.d.raw_data(), &result_, &choice_.algo,
                                operands_.workspace.raw_data(), kWorkspaceBytes, the_stream()));
  }

 private:
  template <typename T>
  void set(cublasLtMatmulDescAttributes_t attribute, T value) {
    check_status("cublasLtMatmulDescSetAttribute",
                 cublasLtMatmulDescSetAttribute(&operation_, attribute, &value, sizeof value));
  }

  const Trial& trial_;
  const Operands& operands_;
  cublasLtHandle_t handle_ = nullptr;
  cublasLtMatmulDescOpaque_t operation_;
  cublasLtMatrixLayoutOpaque_t factor_, result_;
  cublasLtMatmulHeuristicResult_t choice_{};
};

/// Kernels that a run starts, counted by recording it.
std::int64_t count_kernels(Product& product) {
  cudaGraph_t graph = nullptr;
  cuda::check_launch("cudaStreamBeginCapture", cudaStreamBeginCapture(the_stream(), cudaStreamCaptureModeRelaxed));
  product.run();
  cuda::check_launch("cudaStreamEndCapture", cudaStreamEndCapture(the_stream(), &graph));
  std::size_t count = 0;
  cuda::check_launch("cudaGraphGetNodes", cudaGraphGetNodes(graph, nullptr, &count));
  std::vector<cudaGraphNode_t> nodes(count);
  cuda::check_launch("cudaGraphGetNodes", cudaGraphGetNodes(graph, nodes.data(), &count));
  std::int64_t kernels = 0;
  for (cudaGraphNode_t node : nodes) {
    cudaGraphNodeType type{};
    cuda::check_launch("cudaGraphNodeGetType", cudaGraphNodeGetType(node, &type));
    kernels += type == cudaGraphNodeTypeKernel ? 1 : 0;
  }
  cuda::check_launch("cudaGraphDestroy", cudaGraphDestroy(graph));
  return kernels;
}

ordered_json answer_to(const Trial& trial, const Operands& operands) {
  ordered_json row = {{"name", trial.name}};
  try {
    Product product(trial, operands);
    std::string answer;
    const bool found = product.find_algorithm(answer);
    row["answer"] = answer;
    if (found) {
      const double seconds = median_seconds([&] { product.run(); });
      row["seconds"] = seconds;
      row["tera_operations_per_second"] = 2e-12 * kSize * kSize * kSize / seconds;
      row["kernels"] = count_kernels(product);
    }
  } catch (const Error& error) {
    row["error"] = error.what();
  }
  return row;
}

void measure(GpuDocument& document) {
  std::optional<Operands> operands;
  document.section("operands", [&](ordered_json& results) {
    warm_up_gpu();
    operands.emplace();
    results["size"] = kSize;
  });
  for (const Trial& trial : kTrials) {
    document.section(trial.name, [&](ordered_json& results) {
      check(operands.has_value(), "expected operands, got none");
      results["trials"].push_back(answer_to(trial, *operands));
    });
  }
}

}  // namespace
}  // namespace octet::bench

int main(int argc, char** argv) {
  std::string file;
  octet::bench::Options options("gpu_cublaslt", "What cuBLASLt takes");
  options.add("--out", file, "file of the results, instead of the standard output");
  if (const auto code = options.parse(argc, argv)) {
    return *code;
  }
  return octet::bench::run_on_gpu("gpu_cublaslt", file, octet::bench::measure);
}
