#!/usr/bin/env bash
# What cuBLASLt, copies and kernel launches do.
set -uo pipefail
. scripts/gpu_stages/common.sh
code=0
measured products 40 gpu_products || code=$?
measured cublaslt 20 gpu_cublaslt || code=$?
exit "$code"
