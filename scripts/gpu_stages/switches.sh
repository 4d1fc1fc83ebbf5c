#!/usr/bin/env bash
# The lines of switches.txt: the same work without and with an environment variable, one after the other. What several lines have in
# common is measured once without.
set -uo pipefail
. scripts/gpu_stages/common.sh
mapfile -t switches < <(grep -v '^#' "${GPU_SWITCHES:-scripts/gpu_stages/switches.txt}")
[ ${#switches[@]} -gt 0 ] || leave_out "no switches to try"
rm -f "$GPU_RAW"/switch_*.json "$GPU_RAW/switches.txt"
code=0
declare -A without

# timed NAME PROGRAM [ARGUMENT ...]: its document as GPU_RAW/NAME.json.
timed() {
  case $2 in
    octet) printed "$1" 20 "${@:2}" ;;
    *) measured "$1" 20 "${@:2}" ;;
  esac
}

for index in "${!switches[@]}"; do
  read -r -a words <<<"${switches[$index]}"
  command=${words[*]:1} name=switch_${index}_without
  if [ -n "${without[$command]:-}" ]; then
    cp "$GPU_RAW/${without[$command]}.json" "$GPU_RAW/$name.json" 2>/dev/null
  else
    timed "$name" "${words[@]:1}" || code=$?
    without[$command]=$name
  fi
  (export "${words[0]}" && timed "switch_${index}_with" "${words[@]:1}") || code=$?
  printf '%s\t%s\n' "$index" "${switches[$index]}" >>"$GPU_RAW/switches.txt"
done
exit "$code"
