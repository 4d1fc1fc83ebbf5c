# shellcheck shell=bash
# The programs that a GPU is checked with. To be sourced.
targets=(octet test_cuda_gpu gpu_products gpu_cublaslt gpu_vectors gpu_training gpu_profile)
