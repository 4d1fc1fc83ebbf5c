#!/usr/bin/env bash
# The same training on GPU and CPU: gpu_report.py compares the losses of every step. A dry run compares two CPU backends in fewer steps.
set -uo pipefail
work=$GPU_RAW/loss
mkdir -p "$work"
[ -n "$GPU_DRY_RUN" ] && device=cpu steps=20 other=cpu-generic || device=cuda steps=200 other=

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
corpus: {path: text.txt}
model: {architecture: gpt2, vocabulary: 512, context: 128, width: 128, layers: 3, heads: 4, hidden: 384}
train:
  {steps: $steps, batch: 8, eval_every: $steps, eval_tokens: 8192, save_every: 1000, resume: never,
   optimizer: {kind: adamw, adamw: {learning_rate: 0.0005}}}
YAML

octet=$PWD/$GPU_BUILD/octet
cd "$work"
"$octet" train loss.yaml --out cpu --quiet && OCTET_BACKEND=$other "$octet" train loss.yaml --device "$device" --out gpu --quiet || exit
cp cpu/metrics.jsonl ../loss_cpu.jsonl
cp gpu/metrics.jsonl ../loss_gpu.jsonl
