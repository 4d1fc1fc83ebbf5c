#!/usr/bin/env bash
# Every test of the GPU; none may be skipped. In a dry run all are, or where there is a GPU none.
set -uo pipefail
. scripts/gpu_stages/common.sh
. scripts/gpu_stages/suites.sh
[ -x "$GPU_PROGRAMS/tests/test_cuda_gpu" ] || leave_out "no program tests/test_cuda_gpu"
[ -n "$GPU_DRY_RUN" ] || export REQUIRE_GPU=1
run_suites tests 60 .
