# shellcheck shell=bash
# The programs that a GPU is checked with. To be sourced.
# shellcheck disable=SC2034
targets=(octet test_cuda_gpu gpu_products gpu_cublaslt gpu_vectors gpu_training gpu_profile gpu_ladder)

# libraries_of PROGRAM ...: the shared libraries of this system that they load and a bare machine lacks. Its own are the C library, the
# C++ library (which fmt and yaml-cpp load; the programs have theirs within), and cuBLASLt, which is larger than all the rest.
libraries_of() {
  env -u LD_LIBRARY_PATH ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
    grep -vE '/(libc|libm|libdl|librt|libpthread|libstdc\+\+|libgcc_s|libcublasLt)\.so'
}
