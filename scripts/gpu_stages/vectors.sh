#!/usr/bin/env bash
# Octet's own products with quantized weights: rows of generation, then of prompts.
set -uo pipefail
. scripts/gpu_stages/common.sh
measured vectors "$GPU_SECONDS" gpu_vectors --rows 1,2,4,8,16,17,32,128,512
