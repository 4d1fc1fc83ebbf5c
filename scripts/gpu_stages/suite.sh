#!/usr/bin/env bash
# suite.sh FOLDER SECONDS SUITE [WRAPPER ...]: the tests of one suite in a process of their own, whose log and line in FOLDER.txt (suite,
# exit code, seconds) stay whatever happens to the others.
set -uo pipefail
. scripts/gpu_stages/common.sh
folder=$1 seconds=$2 suite=$3 start=$SECONDS code=0
shift 3
if [ $# -gt 0 ]; then
  LD_LIBRARY_PATH=$GPU_LIBRARIES timeout -k 5 "$seconds" "$@" "$GPU_PROGRAMS/tests/test_cuda_gpu" "--gtest_filter=$suite.*"
else
  limited "$seconds" tests/test_cuda_gpu "--gtest_filter=$suite.*"
fi >"$folder/${suite//\//_}.log" 2>&1 || code=$?
printf '%s\t%s\t%s\n' "$suite" "$code" "$((SECONDS - start))" >>"$folder.txt"
