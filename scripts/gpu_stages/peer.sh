#!/usr/bin/env bash
# PyTorch on the same work. --warm: only compiles its models, which later runs then find in the cache.
set -uo pipefail
. scripts/gpu_stages/common.sh
python3 -c 'import torch' 2>/dev/null || leave_out "PyTorch is not installed"
export TORCHINDUCTOR_CACHE_DIR=$GPU_WORK/inductor TRITON_CACHE_DIR=$GPU_WORK/triton
batch=$(sed -n 's/^  "batch": \([0-9]*\).*/\1/p' "$GPU_RAW/training_tf32.json" 2>/dev/null)
options=(--batch "${batch:-32}" ${GPU_DRY_RUN:+--quick})
if [ "${1:-}" = --warm ]; then
  nice -n 5 python3 -B scripts/gpu_peer.py --warm "${options[@]}"
else
  python3 -B scripts/gpu_peer.py --seconds "$GPU_SECONDS" "${options[@]}" "$GPU_RAW/peer.json"
fi
