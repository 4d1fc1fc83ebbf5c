#!/usr/bin/env bash
# Octet's own products with quantized weights.
set -uo pipefail
. scripts/gpu_stages/measure.sh
measure vectors "$GPU_BUILD/gpu_vectors"
