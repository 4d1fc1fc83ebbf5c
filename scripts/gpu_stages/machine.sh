#!/usr/bin/env bash
# What the results were found on: lines "key<tab>value".
line() { printf '%s\t%s\n' "$1" "$(head -1 <<<"$2")"; }
line date "$(date -u +%F)"
line commit "${OCTET_COMMIT:-$(git describe --always --dirty 2>/dev/null || echo unknown)}"
line dry_run "${GPU_DRY_RUN:+yes}"
for key in name driver_version memory.total clocks.max.sm power.limit; do
  line "gpu $key" "$(nvidia-smi --query-gpu="$key" --format=csv,noheader 2>/dev/null)"
done
line nvcc "$("${CUDACXX:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}" --version 2>/dev/null | grep -o 'release.*')"
line compiler "$(c++ --version 2>/dev/null)"
line processors "$(nproc)"
