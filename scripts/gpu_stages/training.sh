#!/usr/bin/env bash
# Steps of GPT-2 124M: TF32 twice, whose losses must be equal bit for bit, then FP32 and BF16. Each in a process of its own.
set -uo pipefail
. scripts/gpu_stages/common.sh
batch=32
train() { measured "$1" 25 gpu_training --batch "$batch" --steps 5 --modes "$2"; }
train training_tf32 tf32
code=$?
# 1: it failed, as it does where memory is short. A second failure has another reason.
if [ "$code" = 1 ]; then
  batch=8
  train training_tf32 tf32
  code=$?
fi
[ "$code" != 4 ] && [ "$code" != 77 ] || exit "$code"
train training_tf32_again tf32 || code=$?
train training_fp32 fp32 || code=$?
train training_bf16 bf16 || code=$?
exit "$code"
