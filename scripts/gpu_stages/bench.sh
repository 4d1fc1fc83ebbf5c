#!/usr/bin/env bash
# Speed of a model of 1.2 billion parameters from two short ones of its width: a layer takes what the difference takes, and the report
# adds up 20 of them. The whole model would be drawn and packed on the CPU for longer than it is measured.
set -uo pipefail
. scripts/gpu_stages/common.sh
code=0
bench() {
  local name=$1 layers=$2
  shift 2
  printed "$name" 30 octet bench --device cuda --json --quiet --prompt 512 \
    --shape "width=2048,layers=$layers,heads=16,hidden=5632,vocabulary=32768" "$@" || code=$?
}
bench bench_6 6 --generate 128 --formats fp32,int8,int4
bench bench_2 2 --generate 128 --formats fp32,int8,int4
bench bench_tf32_6 6 --generate 0 --formats fp32,int8 --math tf32
bench bench_tf32_2 2 --generate 0 --formats fp32,int8 --math tf32
exit "$code"
