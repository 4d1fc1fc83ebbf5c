#!/usr/bin/env bash
# Speed of whole models: 97 million and 1.2 billion parameters in FP32, int8 and int4; the prompt of the large one in TF32 as well.
set -uo pipefail
. scripts/gpu_stages/measure.sh
large=width=2048,layers=20,heads=16,hidden=5632,vocabulary=32768
bench=("$GPU_BUILD/octet" bench --device cuda --json --quiet --prompt 512)
code=0
measure bench_large "${bench[@]}" --shape "$large" --generate 128 --formats fp32,int8,int4 || code=$?
measure bench_97m "${bench[@]}" --shape llama-97m --generate 128 --formats fp32,int8,int4 || code=$?
measure bench_large_tf32 "${bench[@]}" --shape "$large" --generate 0 --formats fp32,int8 --math tf32 || code=$?
exit "$code"
