#!/usr/bin/env bash
# Everything that can only be known on an NVIDIA GPU, in one command: builds, tests with REQUIRE_GPU=1, measures, compares with PyTorch
# where it is installed, and writes what it found beside the goals. A stage that fails is recorded, and the next goes on.
#
#   scripts/gpu_check.sh [--stage NAME ...] [--budget SECONDS] [FILE.json]   (default: docs/results/gpu.json; FILE.md lies beside it)
#   scripts/gpu_check.sh --dry-run [...]     all that needs no GPU, into a temporary folder; without a GPU the rest must say so
#
# Libraries come from the system or from gpu-deps/ (scripts/gpu_bundle.sh). Raw results and logs stay in build/gpu/check/; a run with
# --stage keeps those of the others, so the work can be cut into several commands.
set -uo pipefail
cd "$(dirname "$0")/.."

# In the order of their worth, with the most seconds that each may take.
stages=(build:480 tests:180 products:120 vectors:120 training:240 bench:300 loss:150 peer:300 sanitizer:240)
budget=1200 dry_run= file= only=()
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=1 ;;
    --stage) only+=("${2:?--stage: expected a name}"); shift ;;
    --budget) budget=${2:?--budget: expected seconds}; shift ;;
    -*) echo "error: gpu_check: unknown option $1" >&2; exit 2 ;;
    *) file=$1 ;;
  esac
  shift
done
for name in "${only[@]}"; do
  case " ${stages[*]} " in *" $name:"*) ;; *) echo "error: gpu_check: no stage $name in ${stages[*]}" >&2; exit 2 ;; esac
done

if [ -n "$dry_run" ]; then
  file=${file:-$(mktemp -d)/gpu.json}
elif ! gpu=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>&1); then
  echo "error: gpu_check: no NVIDIA GPU (nvidia-smi: ${gpu##*: }); --dry-run tries what needs none" >&2
  exit 4
fi

export GPU_BUILD=build/gpu GPU_RAW=build/gpu/check GPU_DRY_RUN=$dry_run
export GPU_CHIP=${gpu:+$(head -1 <<<"$gpu" | tr -d '. ')}
[ ${#only[@]} -gt 0 ] || rm -rf "$GPU_RAW"
mkdir -p "$GPU_RAW" "$(dirname "${file:=docs/results/gpu.json}")"
scripts/gpu_stages/machine.sh >"$GPU_RAW/machine.txt"

report() {
  command -v python3 >/dev/null && python3 scripts/gpu_report.py "$GPU_RAW" "$file"
}

# run_stage NAME SECONDS: the stage writes its results to GPU_RAW. 4 is the answer of a program that needs a GPU, 77 of one that leaves
# itself out.
run_stage() {
  local name=$1 limit=$2 start=$SECONDS left=$((budget - SECONDS)) result
  if [ "$left" -lt 20 ]; then
    result="left out: no time"
  else
    timeout "$((limit < left ? limit : left))" "scripts/gpu_stages/$name.sh" >"$GPU_RAW/$name.log" 2>&1
    local code=$?
    case $code in
      0) result=ok ;;
      4) result="needs a GPU" ;;
      77) result="left out" ;;
      124) result="failed: out of time" ;;
      *) result="failed: exit code $code" ;;
    esac
  fi
  printf '%s\t%s\t%s\n' "$name" "$((SECONDS - start))" "$result" >>"$GPU_RAW/stages.txt"
  printf 'gpu_check: %-10s %4d s  %s%s\n' "$name" "$((SECONDS - start))" "$result" \
    "$([ "$result" = ok ] || tail -1 "$GPU_RAW/$name.log" 2>/dev/null | sed 's/^/: /')"
  report
}

for stage in "${stages[@]}"; do
  name=${stage%:*}
  case " ${only[*]:-$name} " in *" $name "*) run_stage "$name" "${stage#*:}" ;; esac
done
echo "gpu_check: $SECONDS s; $(command -v python3 >/dev/null && echo "wrote $file and ${file%.json}.md, " || echo "no python3, so no tables: ")raw results in $GPU_RAW"
