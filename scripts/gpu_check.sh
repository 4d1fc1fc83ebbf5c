#!/usr/bin/env bash
# Everything that can only be known on an NVIDIA GPU, in one command of less than ten minutes: tests, measures, profiles, compares with
# PyTorch where it is installed, and ends with a table of the figures to reach. A stage that fails or hangs is recorded, and the next
# goes on. After each stage all results are packed again, so that a command that is cut off loses one stage.
#
#   scripts/gpu_check.sh [--out FOLDER] [--budget SECONDS] [--stage NAME ...] [--programs PATH] [--build]
#   scripts/gpu_check.sh --dry-run [...]     all that needs no GPU, in a temporary folder
#
#   --out        where gpu.json, gpu.md and gpu-results.tgz (raw results and logs) go; GPU_OUT, else docs/results
#   --budget     seconds of the whole run (560)
#   --stage      only this one, with the results of the others kept
#   --programs   an archive of scripts/gpu_prebuild.sh or a build folder; GPU_PROGRAMS, else gpu-bin.txz, else a build from source
#   --build      builds from source in the background even so, to have a folder where a change takes seconds to compile
#   --most       the most seconds of any one stage, below its own
#
# A build from source finds libraries in the system or in gpu-deps/ (scripts/gpu_bundle.sh). GPU_SUITES="CudaGemm CudaMemory" limits the
# tests to these suites. Exit code: 0, 1 where a stage failed, 2 for wrong usage, 4 without a GPU.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

# In the order of their worth, with the most seconds of each. Their sum is above the budget, which most stages end well within.
stages=(tests:75 products:50 vectors:80 training:75 bench:75 switches:60 profile:80 loss:30 peer:130 sanitizer:85)
budget=560 most=600 dry_run='' build='' only=()
out=${GPU_OUT:-} programs=${GPU_PROGRAMS:-}
number() { [[ $2 =~ ^[0-9]+$ ]] || { echo "error: gpu_check: $1: expected seconds, got $2" >&2; exit 2; }; }
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=1 ;;
    --build) build=1 ;;
    --stage) only+=("${2:?--stage: expected a name}"); shift ;;
    --budget) budget=${2:?--budget: expected seconds}; number "$1" "$budget"; shift ;;
    --most) most=${2:?--most: expected seconds}; number "$1" "$most"; shift ;;
    --out) out=${2:?--out: expected a folder}; shift ;;
    --programs) programs=${2:?--programs: expected an archive or a folder}; shift ;;
    *) echo "error: gpu_check: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done
for name in "${only[@]}"; do
  case " ${stages[*]} " in *" $name:"*) ;; *) echo "error: gpu_check: no stage $name in ${stages[*]}" >&2; exit 2 ;; esac
done

work=${GPU_WORK:-build/gpu}
if [ -n "$dry_run" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
elif ! gpu=$(timeout -k 5 20 nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>&1); then
  echo "error: gpu_check: no NVIDIA GPU (nvidia-smi: ${gpu##*: }); --dry-run tries what needs none" >&2
  exit 4
fi
out=${out:-$([ -n "$dry_run" ] && echo "$work/out" || echo docs/results)}

# What stages know. GPU_PROGRAMS and GPU_LIBRARIES are made by stages/programs.sh.
export GPU_WORK=$work GPU_RAW=$work/check GPU_PROGRAMS=$work/programs GPU_LIBRARIES=$work/libraries GPU_DRY_RUN=$dry_run
export GPU_CHIP=${gpu:+$(head -1 <<<"$gpu" | tr -d '. ')}
export GPU_SOURCE=$programs
[ ${#only[@]} -gt 0 ] || rm -rf "$GPU_RAW"
mkdir -p "$GPU_RAW" "$out"
out=$(realpath "$out")
. scripts/gpu_stages/processes.sh

report() {
  [ -z "$(command -v python3)" ] || timeout -k 5 20 python3 -B scripts/gpu_report "$GPU_RAW" "$out/gpu.json"
}

# Written, then renamed: who reads the archive at any moment finds a whole one.
pack() {
  scripts/gpu_stages/shorten_logs.sh
  local files=(-C "$(realpath "$work")" check)
  [ ! -e "$out/gpu.json" ] || files+=(-C "$out" gpu.json gpu.md)
  tar -czf "$out/.gpu-results.part" "${files[@]}" 2>/dev/null
  [ $? -gt 1 ] || mv -f "$out/.gpu-results.part" "$out/gpu-results.tgz"  # 1: a log grew meanwhile
}

failed=0
# run_stage NAME SECONDS: the stage writes its results to GPU_RAW. 4 is the answer of a program that needs a GPU, 77 of a stage that
# leaves itself out and says why in its last line.
run_stage() {
  local name=$1 limit=$2 start=$SECONDS left=$((budget - SECONDS - 10)) result code=0  # 10 for the last report
  limit=$((limit < most ? limit : most))
  limit=$((limit < left ? limit : left))
  if [ "$limit" -lt 1 ]; then
    result="left out: no time"
    echo "no time" >"$GPU_RAW/$name.log"
  else
    # The outer one is for a process that even a kill does not end, as one that waits in the driver: it is left behind.
    GPU_SECONDS=$limit run_group "$name" timeout -k 1 "$((limit + 7))" timeout -k 5 "$limit" "scripts/gpu_stages/$name.sh" \
      >"$GPU_RAW/$name.log" 2>&1 || code=$?
    case $code in
      0) result=ok ;;
      4) result="needs a GPU" ;;
      77) result="left out" ;;
      124 | 137) result="failed: out of time after $limit s" ;;
      *) result="failed: exit code $code" ;;
    esac
  fi
  [[ $result != failed* && ($result != "needs a GPU" || -n $dry_run) ]] || failed=1
  printf '%s\t%s\t%s\n' "$name" "$((SECONDS - start))" "$result" >>"$GPU_RAW/stages.txt"
  printf 'gpu_check: %-10s %4d s  %s%s\n' "$name" "$((SECONDS - start))" "$result" \
    "$([ "$result" = ok ] || tail -1 "$GPU_RAW/$name.log" 2>/dev/null | sed 's/^/: /')"
  report
  pack
}

finish() {
  end_group background
  report
  pack
  echo
  [ -z "$(command -v python3)" ] || timeout -k 5 20 python3 -B scripts/gpu_report --table "$out/gpu.json"
  echo "gpu_check: $SECONDS s; $(command -v python3 >/dev/null || echo "no python3, so no tables; ")results in $out"
}
stop() {
  trap - TERM INT
  end_group ""
  printf '%s\t%s\t%s\n' "gpu_check" "$SECONDS" "failed: stopped by a signal" >>"$GPU_RAW/stages.txt"
  finish
  exit 143
}
trap stop TERM INT

wanted() { [[ " ${only[*]:-$1} " == *" $1 "* ]]; }
in_background() {
  GPU_GROUP=$group_token.background timeout -k 5 "$((budget - SECONDS))" "$@" &
  disown  # bash would tell of its end
}

scripts/gpu_stages/machine.sh >"$GPU_RAW/machine.txt"
[ -n "$dry_run" ] || in_background scripts/gpu_stages/clocks.sh >"$GPU_RAW/clocks.csv" 2>&1
run_stage programs 45
sed -n 's/^warning\t/gpu_check: warning: /p' "$GPU_RAW/machine.txt"

has_programs() { [ -e "$GPU_PROGRAMS/octet" ]; }
nvcc=${CUDACXX:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}
if has_programs && [ -z "$build" ] || [ -n "$dry_run" ]; then
  :
elif ! command -v "$nvcc" >/dev/null; then
  echo "gpu_check: no nvcc to build programs with"
  has_programs || failed=1
else
  in_background scripts/gpu_stages/build.sh >"$GPU_RAW/build.log" 2>&1
  if ! has_programs; then  # PyTorch is measured meanwhile
    stages=(peer:130 await_build:280 "${stages[@]/peer:*/}")
    only=(${only[@]+"${only[@]}" await_build})
  fi
fi
# torch.compile takes a minute of the host: while tests run, which nobody times.
warming=
if [ -z "$dry_run" ] && has_programs && wanted tests && wanted peer; then
  in_background scripts/gpu_stages/peer.sh --warm >"$GPU_RAW/peer_warm.log" 2>&1
  warming=$!
fi

for stage in "${stages[@]}"; do
  name=${stage%:*}
  if [ -n "$stage" ] && wanted "$name"; then
    if [ -n "$warming" ] && [ "$name" != tests ]; then
      for ((i = 0; i < 30 && SECONDS < budget - 60; ++i)); do kill -0 "$warming" 2>/dev/null && sleep 1; done
      kill "$warming" 2>/dev/null
      warming=
    fi
    run_stage "$name" "${stage#*:}"
  fi
done
finish
exit "$failed"
