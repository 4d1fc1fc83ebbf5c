#!/usr/bin/env bash
# Every test of the GPU; none may be skipped. In a dry run all are, or where there is a GPU none.
set -euo pipefail
[ -n "$GPU_DRY_RUN" ] || export REQUIRE_GPU=1
code=0
"$GPU_BUILD/tests/test_cuda_gpu" "--gtest_output=json:$GPU_RAW/tests.json" || code=$?
grep -E '^\[  (PASSED|SKIPPED|FAILED) \] [0-9]+ tests?' "$GPU_RAW/tests.log" | tail -3
exit "$code"
