#!/usr/bin/env bash
# Steps of GPT-2 124M with the largest of these batches that fits the memory.
set -uo pipefail
. scripts/gpu_stages/measure.sh
for batch in 64 48 32 16 8 4; do
  measure training "$GPU_BUILD/gpu_training" --batch "$batch"
  code=$?
  [ "$code" = 1 ] || exit "$code"  # 1: it failed, as it does where memory is short
done
exit "$code"
