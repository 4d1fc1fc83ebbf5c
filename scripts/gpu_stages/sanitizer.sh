#!/usr/bin/env bash
# compute-sanitizer on some tests of every sort of kernel: out-of-bounds accesses, and races in shared memory.
set -uo pipefail
[ -z "$GPU_DRY_RUN" ] || { echo "compute-sanitizer needs a GPU"; exit 4; }
command -v compute-sanitizer >/dev/null || PATH=$PATH:/usr/local/cuda/bin
command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer is not installed"; exit 77; }

tests='*IntLinear*:*WeightLinear*:*QuantizeRows*:*DecodeAttention*:*Attention*:*Rows*:*Elementwise*'
rm -f "$GPU_RAW/sanitizer.txt"
failed=0
for tool in memcheck racecheck; do
  timeout 110 env REQUIRE_GPU=1 compute-sanitizer --tool "$tool" --error-exitcode 9 "$GPU_BUILD/tests/test_cuda_gpu" \
    "--gtest_filter=$tests" >"$GPU_RAW/$tool.log" 2>&1
  code=$?
  printf '%s\t%s\t%s\n' "$tool" "$code" "$(grep -E 'SUMMARY' "$GPU_RAW/$tool.log" | tail -1)" | tee -a "$GPU_RAW/sanitizer.txt"
  [ "$code" = 0 ] || failed=1
done
exit "$failed"
