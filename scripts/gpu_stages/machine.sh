#!/usr/bin/env bash
# What the results were found on: lines "key<tab>value".
line() { printf '%s\t%s\n' "$1" "$(head -1 <<<"$2")"; }
line date "$(date -u +%F)"
line commit "${OCTET_COMMIT:-$(git describe --always --dirty 2>/dev/null || echo unknown)}"
line dry_run "${GPU_DRY_RUN:+yes}"
for key in name driver_version memory.total clocks.max.sm clocks.max.memory power.limit; do
  line "gpu $key" "$(timeout -k 5 10 nvidia-smi --query-gpu="$key" --format=csv,noheader 2>/dev/null)"
done
line nvcc "$("${CUDACXX:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}" --version 2>/dev/null | grep -o 'release.*')"
line compiler "$(c++ --version 2>/dev/null)"
line "C library" "$(ldd --version 2>/dev/null)"
line kernel "$(uname -r)"
line processor "$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -1)"
line processors "$(nproc)"
line memory "$(sed -n 's/^MemTotal: *//p' /proc/meminfo)"
