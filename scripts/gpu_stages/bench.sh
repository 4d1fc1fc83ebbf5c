#!/usr/bin/env bash
# Speed of a model of 1.2 billion parameters from two short ones of its width: a layer takes what the difference takes, and the report
# adds up 20 of them. The whole model would be drawn and packed on the CPU for longer than it is measured.
set -uo pipefail
. scripts/gpu_stages/common.sh
code=0
bench() {
  local name=$1 seconds=$2 layers=$3
  shift 3
  printed "$name" "$seconds" octet bench --device cuda --json --quiet --prompt 512 \
    --shape "width=2048,layers=$layers,heads=16,hidden=5632,vocabulary=32768" "$@" || code=$?
}
bench bench_4 40 4 --generate 128 --formats fp32,int8,int4
bench bench_1 30 1 --generate 128 --formats fp32,int8,int4
bench bench_tf32_4 20 4 --generate 0 --formats fp32 --math tf32
bench bench_tf32_1 15 1 --generate 0 --formats fp32 --math tf32
exit "$code"
