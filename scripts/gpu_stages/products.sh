#!/usr/bin/env bash
# What cuBLASLt, copies and kernel launches do.
set -uo pipefail
. scripts/gpu_stages/measure.sh
code=0
measure cublaslt "$GPU_BUILD/gpu_cublaslt" || code=$?
measure products "$GPU_BUILD/gpu_products" || code=$?
exit "$code"
