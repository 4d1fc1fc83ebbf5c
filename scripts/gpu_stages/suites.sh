# shellcheck shell=bash
# run_suites NAME SECONDS PATTERN [WRAPPER ...]: the suites whose names match, several at once, each with so much time. Their logs are in
# GPU_RAW/NAME/, their exit codes in GPU_RAW/NAME.txt. Fails where one of them did. To be sourced, after common.sh.
run_suites() {
  local folder=$GPU_RAW/$1 seconds=$2 pattern=$3 suites first='Memory|Gemm|Mma|IntLinear|Attention'
  shift 3
  rm -rf "$folder" "$folder.txt"
  mkdir -p "$folder"
  touch "$folder.txt"
  suites=$(program tests/test_cuda_gpu --gtest_list_tests | sed -n 's/^\([^ ].*\)\.\( .*\)\{0,1\}$/\1/p' | grep -E "$pattern") || return
  [ -z "${GPU_SUITES:-}" ] || suites=$(tr ' ' '\n' <<<"$GPU_SUITES")
  local at_once=${GPU_SUITES_AT_ONCE:-6}
  local threads=$(($(nproc) / at_once))
  export OMP_NUM_THREADS=$((threads > 0 ? threads : 1)) OMP_WAIT_POLICY=passive
  # What everything else rests on first: where time is short, the rest is what is not known.
  { grep -E "$first" <<<"$suites"; grep -vE "$first" <<<"$suites"; } |
    xargs -P "$at_once" -I{} scripts/gpu_stages/suite.sh "$folder" "$seconds" {} "$@"
  printf '%s suites, %s failed\n' "$(wc -l <"$folder.txt")" "$(awk -F'\t' '$2 != 0' "$folder.txt" | wc -l)"
  ! awk -F'\t' '$2 != 0' "$folder.txt" | grep -q .
}
