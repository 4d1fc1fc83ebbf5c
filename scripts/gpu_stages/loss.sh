#!/usr/bin/env bash
# The same training on GPU and CPU, at the same time: the report compares the losses of every step. A dry run compares two CPU backends
# in fewer steps.
set -uo pipefail
. scripts/gpu_stages/common.sh
[ -x "$GPU_PROGRAMS/octet" ] || leave_out "no program octet"
work=$GPU_WORK/loss
rm -rf "$work" "$GPU_RAW"/loss_?pu.jsonl
mkdir -p "$work"
[ -n "$GPU_DRY_RUN" ] && device=cpu steps=5 eval=1024 other=cpu-generic || device=cuda steps=200 eval=8192 other=

awk 'BEGIN {
  srand(1)
  for (sentence = 0; sentence < 6000; ++sentence) {
    for (i = 0; i < 12; ++i) {
      word = (7 * word + int(4 * rand())) % 199  # four words may follow each
      printf "w%d%s", word, i < 11 ? " " : sentence % 8 < 7 ? ".\n" : ".\n\n"
    }
  }
}' >"$work/text.txt"
# AdamW: the orthogonal updates of Muon make rounding errors grow from step to step, and would compare chaos.
cat >"$work/loss.yaml" <<YAML
name: loss
corpus: {path: $(realpath "$work")/text.txt}
model: {architecture: gpt2, vocabulary: 512, context: 128, width: 128, layers: 3, heads: 4, hidden: 384}
train:
  {steps: $steps, batch: 8, eval_every: $steps, eval_tokens: $eval, save_every: 1000, resume: never,
   optimizer: {kind: adamw, adamw: {learning_rate: 0.0005}}}
YAML

export OMP_WAIT_POLICY=passive  # two programs share the processors: a thread that waits must not spin
program octet train "$work/loss.yaml" --out "$work/cpu" --quiet &
cpu=$!
OCTET_BACKEND=$other program octet train "$work/loss.yaml" --device "$device" --out "$work/gpu" --quiet
code=$?
wait "$cpu" || exit
[ "$code" = 0 ] || exit "$code"
cp "$work/cpu/metrics.jsonl" "$GPU_RAW/loss_cpu.jsonl"
cp "$work/gpu/metrics.jsonl" "$GPU_RAW/loss_gpu.jsonl"
