#!/usr/bin/env bash
# PyTorch on the same work.
set -uo pipefail
python3 -c 'import torch' 2>/dev/null || { echo "PyTorch is not installed"; exit 77; }
batch=$(sed -n 's/^  "batch": \([0-9]*\).*/\1/p' "$GPU_RAW/training.json" 2>/dev/null)
python3 scripts/gpu_peer.py --batch "${batch:-16}" "$GPU_RAW/peer.json"
