#!/usr/bin/env bash
# The lines of switches.txt: the same work without and with an environment variable, one after the other.
set -uo pipefail
. scripts/gpu_stages/common.sh
mapfile -t switches < <(grep -v '^#' "${GPU_SWITCHES:-scripts/gpu_stages/switches.txt}")
[ ${#switches[@]} -gt 0 ] || leave_out "no switches to try"
rm -f "$GPU_RAW"/switch_*.json "$GPU_RAW/switches.txt"
code=0
for index in "${!switches[@]}"; do
  read -r -a words <<<"${switches[$index]}"
  measured "switch_${index}_without" 20 "${words[@]:1}" || code=$?
  (export "${words[0]}" && measured "switch_${index}_with" 20 "${words[@]:1}") || code=$?
  printf '%s\t%s\n' "$index" "${switches[$index]}" >>"$GPU_RAW/switches.txt"
done
exit "$code"
