#!/usr/bin/env bash
# Measures the speed of every format on this machine with random weights of two sizes, and writes what it found with machine, commands
# and date. Nothing else should run meanwhile. Usage: scripts/bench_cpu.sh [FILE [OPTION ...]]   (default: docs/results/cpu.md;
# options of octet bench for all tables, for example --repetitions 3)
set -euo pipefail
cd "$(dirname "$0")/.."
file=${1:-docs/results/cpu.md}
options=("${@:2}")

cmake --preset release >/dev/null
cmake --build build/release --target octet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# bench ARGUMENT...: the command and its table. What the program says of itself goes to $work/start.
bench() {
  set -- "$@" "${options[@]}"
  echo "bench_cpu: octet bench $*" >&2
  printf '    octet bench %s\n\n' "$*"
  build/release/octet bench "$@" 2>"$work/stderr" || { cat "$work/stderr" >&2; exit 1; }
  grep -E '^(octet|note)' "$work/stderr" >"$work/start"
  echo
}

tables() {
  for shape in llama-31m llama-97m; do
    printf '## %s\n\n' "$shape"
    bench --shape "$shape" --prompt 128,512 --generate 128
    printf 'Several sequences at once:\n\n'
    bench --shape "$shape" --prompt 128 --generate 128 --batch 4 --formats fp32,int8,int4
    printf 'Writing behind a long text:\n\n'
    bench --shape "$shape" --prompt 0 --generate 128 --depth 0,128,2048 --formats fp32,int8,int4
    printf 'The same with keys and values in int8:\n\n'
    bench --shape "$shape" --prompt 0 --generate 128 --depth 0,128,2048 --formats fp32,int8,int4 --kv int8
  done
}

machine() {
  lscpu | grep -E '^(Model name|CPU\(s\)|L1d cache|L2 cache|L3 cache|Hypervisor vendor):' | sed -E 's/^([^:]*): */    \1: /'
  awk '/^MemTotal/ { printf "    Memory: %.0f GiB\n", $2 / 1048576 }' /proc/meminfo
  sed 's/^/    /' "$work/start"
}

mkdir -p "$(dirname "$file")"
tables >"$work/tables"
{
  printf '# Speed on a CPU\n\nWritten by `scripts/bench_cpu.sh` on %s, at commit %s. Weights are random: which values they\n' \
    "$(date -u +%F)" "$(git describe --always --dirty 2>/dev/null || echo unknown)"
  printf 'have does not change the work. pp512 reads a prompt of 512 tokens at once, tg128 writes 128 tokens one by one, b4 does\n'
  printf 'so for 4 sequences together, @ d2048 behind 2048 tokens. The limits are measured by the same program in the same run:\n'
  printf 'multiply-adds in registers, and reading as many bytes as a pass reads.\n\n'
  machine
  echo
  cat "$work/tables"
} >"$work/page"
mv "$work/page" "$file"
echo "bench_cpu: wrote $file" >&2
