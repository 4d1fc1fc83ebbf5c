#!/usr/bin/env bash
# compute-sanitizer on the tests, suite by suite: accesses out of bounds, and beside it races in shared memory.
set -uo pipefail
. scripts/gpu_stages/common.sh
. scripts/gpu_stages/suites.sh
[ -z "$GPU_DRY_RUN" ] || { echo "compute-sanitizer needs a GPU"; exit 4; }
[ -x "$GPU_PROGRAMS/tests/test_cuda_gpu" ] || leave_out "no program tests/test_cuda_gpu"
PATH=$PATH:/usr/local/cuda/bin
command -v compute-sanitizer >/dev/null || leave_out "compute-sanitizer is not installed"
export REQUIRE_GPU=1 GPU_SUITES_AT_ONCE=4
# Whole models repeat kernels that have tests of their own. A suite that does not end in time is no finding; the report says so.
run_suites memcheck 40 'Linear|Attention|Rows|Elementwise|Embedding|Kv|TrainingKernels|Mma' \
  compute-sanitizer --tool memcheck --error-exitcode 9 &
memcheck=$!
run_suites racecheck 40 'Linear|Attention|Rows' compute-sanitizer --tool racecheck --error-exitcode 9
code=$?
wait "$memcheck" && exit "$code"
