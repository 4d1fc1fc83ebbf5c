#!/usr/bin/env bash
# Waits for the build from source, and takes what it has built.
set -uo pipefail
until [ -e "$GPU_WORK/build.code" ]; do sleep 1; done
code=$(cat "$GPU_WORK/build.code")
[ "$code" = 0 ] || tail -5 "$GPU_RAW/build.log"
GPU_SOURCE=$GPU_WORK/build scripts/gpu_stages/programs.sh && exit "$code"
