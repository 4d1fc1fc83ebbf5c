#!/usr/bin/env bash
# Time and bytes of every kernel of a token, a prompt and a training step: by Nsight Compute, or times alone by Nsight Systems.
set -uo pipefail
. scripts/gpu_stages/common.sh
[ -x "$GPU_PROGRAMS/gpu_profile" ] || leave_out "no program gpu_profile"
PATH=$PATH:/usr/local/cuda/bin
metrics=gpu__time_duration.sum,dram__bytes_read.sum,dram__bytes_write.sum  # one pass: nothing is run twice

by_ncu() {
  local name=$1
  shift
  LD_LIBRARY_PATH=$GPU_LIBRARIES timeout -k 5 "$seconds" ncu --profile-from-start off --clock-control none --cache-control none \
    --metrics "$metrics" --csv --page raw --print-units base --log-file "$GPU_RAW/profile_$name.csv" "$GPU_PROGRAMS/gpu_profile" "$@" &&
    grep -q gpu__time_duration "$GPU_RAW/profile_$name.csv"
}
by_nsys() {
  local name=$1
  shift
  LD_LIBRARY_PATH=$GPU_LIBRARIES timeout -k 5 "$seconds" nsys profile --capture-range=cudaProfilerApi --force-overwrite true \
    -o "$GPU_WORK/profile_$name" "$GPU_PROGRAMS/gpu_profile" "$@" &&
    nsys stats --force-export true --report cuda_gpu_kern_sum --format csv "$GPU_WORK/profile_$name.nsys-rep" >"$GPU_RAW/profile_$name.csv"
}
# The program alone first: a fault of its own is not the profiler's.
seconds=25
program gpu_profile --work decode --format int8 || exit
if command -v ncu >/dev/null && by_ncu decode_int8 --work decode --format int8; then
  profile=by_ncu
elif command -v nsys >/dev/null && by_nsys decode_int8 --work decode --format int8; then
  profile=by_nsys
else
  reason=$(grep -shE '==ERROR==|ERR_|[Ff]ailed' "$GPU_RAW/profile_decode_int8.csv" | tail -1)
  leave_out "$(command -v ncu >/dev/null && echo "ncu does not work here: ${reason:-no counters}" || echo "neither ncu nor nsys is installed")"
fi
code=0
"$profile" decode_int4 --work decode --format int4 || code=$?
"$profile" decode_fp32 --work decode --format fp32 || code=$?
"$profile" prefill_int8 --work prefill --format int8 || code=$?
seconds=40
"$profile" training --work training --math tf32 --batch 8 || code=$?
exit "$code"
