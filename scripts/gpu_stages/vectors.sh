#!/usr/bin/env bash
# Octet's own products with quantized weights: rows of generation, then of prompts. Then the steps that lead to two kernels.
set -uo pipefail
. scripts/gpu_stages/common.sh
code=0
measured vectors "$((GPU_SECONDS > 40 ? GPU_SECONDS - 20 : GPU_SECONDS))" gpu_vectors --rows 1,2,4,8,16,17,32,128,512 || code=$?
[ "$code" != 4 ] && [ "$code" != 77 ] || exit "$code"
rm -f "$GPU_RAW/ladder.txt"
if [ -x "$GPU_PROGRAMS/gpu_ladder" ]; then
  limited 20 gpu_ladder >"$GPU_RAW/ladder.txt" || code=$?
fi
exit "$code"
