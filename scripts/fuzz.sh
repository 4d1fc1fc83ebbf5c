#!/usr/bin/env bash
# Fuzzes every parser of foreign files (tests/fuzz/) under the address and undefined-behaviour sanitizers.
#
#     scripts/fuzz.sh [-j JOBS] [SECONDS] [TARGET ...]
#
# SECONDS for each target, 60 by default; -j runs so many targets at a time. Without TARGETs all run. Installs clang where it
# is missing and builds the preset `fuzz`. Each target starts from tests/fuzz/corpus/TARGET; what it adds goes to
# build/fuzz/corpus/TARGET, from where the next call goes on. Prints one line for each target:
#
#     TARGET     1234567 runs    2057 a second   coverage 1234   findings 0
#
# A finding is an exception other than octet::Error, a broken promise of a header, what a sanitizer reports, an input that
# takes more than 10 seconds, or 1 GB in one allocation or 2 GB in all. Then the script ends with 1, after printing where
# the input is and how to run it again. Once it is mended, the input belongs to tests/fuzz/corpus/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=1
if [ "${1:-}" = -j ]; then
  jobs=$2
  shift 2
fi
seconds=${1:-60}
[ $# -gt 0 ] && shift
[[ "$jobs$seconds" =~ ^[0-9]+$ ]] || { echo "usage: scripts/fuzz.sh [-j JOBS] [SECONDS] [TARGET ...]" >&2; exit 2; }
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in tests/fuzz/*_fuzz.cpp; do
    targets+=("$(basename "$source" _fuzz.cpp)")
  done
fi

scripts/setup.sh clang libclang-rt-dev libomp-dev
cmake --preset fuzz >/dev/null
cmake --build build/fuzz --target "${targets[@]/#/fuzz_}"

build=build/fuzz
programs=$build/tests/fuzz
# Two findings stop no other target, and one that is known does not hide the next: a target runs to its end or to its
# first finding. Files that a target writes go to memory.
temporary=$(mktemp -d /dev/shm/octet-fuzz-XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$temporary"' EXIT
limits=(-rss_limit_mb=2048 -malloc_limit_mb=1024 -timeout=10)

fuzz() {
  local target=$1 found=$build/findings/$1 log=$build/findings/$1.log
  mkdir -p "$build/corpus/$target" "$found"
  local options=("${limits[@]}" -max_total_time="$seconds" -max_len=65536 -print_final_stats=1 -artifact_prefix="$found/")
  [ -e "tests/fuzz/$target.dict" ] && options+=(-dict="tests/fuzz/$target.dict")
  rm -f "$found"/*
  # Parallel loops are not what is tested, and their threads would only wait for each other.
  OMP_NUM_THREADS=1 TMPDIR=$temporary "$programs/fuzz_$target" "${options[@]}" \
    "$build/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1 || true
  local runs speed coverage findings
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -d' ' -f2) || true
  findings=$(find "$found" -type f | wc -l)
  # A program that never started left no input, and is a finding all the same.
  [ -n "$runs" ] || [ "$findings" -gt 0 ] || findings=1
  printf '%-12s %10s runs %7s a second   coverage %5s   findings %d\n' \
    "$target" "${runs:-0}" "${speed:-0}" "${coverage:-0}" "$findings"
  if [ "$findings" -gt 0 ]; then
    grep -m1 -E 'broken promise|runtime error|what\(\)|ERROR' "$log" | sed 's/^/    /' || tail -3 "$log"
    find "$found" -type f -printf "    OMP_NUM_THREADS=1 $programs/fuzz_$target ${limits[*]} %p\n"
    touch "$temporary/failed"
  fi
}

running=0
for target in "${targets[@]}"; do
  if [ "$running" -ge "$jobs" ]; then
    wait -n
    running=$((running - 1))
  fi
  fuzz "$target" &
  running=$((running + 1))
done
wait
[ ! -e "$temporary/failed" ]
