#!/usr/bin/env bash
# Octet for this GPU, its tests and the programs that measure, from source. A target that fails does not keep the others from being
# built. Runs in the background, below everything else; await_build.sh waits for it.
set -uo pipefail
folder=$GPU_WORK/build
rm -f "$GPU_WORK/build.code"

options=(-DCMAKE_BUILD_TYPE=Release -DOCTET_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=${GPU_CHIP:-90}-real")
[ ! -d gpu-deps/usr ] || options+=("-DCMAKE_PREFIX_PATH=$PWD/gpu-deps/usr")
keep_going=(-k)
if command -v ninja >/dev/null; then
  options+=(-G Ninja)
  keep_going=(-k 0)
else
  options+=(-G "Unix Makefiles")
fi
. scripts/gpu_stages/targets.sh
jobs=$(nproc)
! [ -e "$GPU_PROGRAMS/octet" ] || jobs=$((jobs * 3 / 4 + 1))  # the rest for what is measured meanwhile
code=0
nice -n 10 cmake -S . -B "$folder" "${options[@]}" &&
  nice -n 10 cmake --build "$folder" -j "$jobs" --target "${targets[@]}" -- "${keep_going[@]}" || code=$?
echo "$code" >"$GPU_WORK/build.code"
exit "$code"
