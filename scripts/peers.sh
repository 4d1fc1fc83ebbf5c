#!/usr/bin/env bash
# What other programs make of Octet's exports, and Octet of their files: writes docs/results/peers.md. Needs PyPI for a virtual
# environment of about 6 GB in build/peers, where two small models are trained too. Ends with 1 where a figure is beyond its bound.
#
#     scripts/peers.sh              all checks of scripts/peers
#     scripts/peers.sh tokenizer    that one, and prints its rows alone
#     WIKITEXT=FILE scripts/peers.sh   with the perplexity of SmolLM2 on the validation part of WikiText-2, whose text that file holds
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/build/peers

cmake --preset release >/dev/null
cmake --build build/release --target octet example_model_logits
mkdir -p "$work"
if ! cmp -s scripts/peers/requirements.txt "$work/requirements.txt"; then
  python3 -m venv --clear "$work/venv"
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/peers/requirements.txt
  cp scripts/peers/requirements.txt "$work/requirements.txt"
fi
export OCTET=$root/build/release/octet MODEL_LOGITS=$root/build/release/examples/model_logits
export HF_HUB_OFFLINE=1 PYTHONWARNINGS=ignore PYTHONDONTWRITEBYTECODE=1

cd "$work"
[ -f text.txt ] || cat "$root"/docs/*.md >text.txt
for model in llama gpt2; do
  if [ ! -f "$model/checkpoints/best/config.json" ]; then
    "$OCTET" train "$root/scripts/peers/$model.yaml" --out "$model" --quiet
  fi
done
"$OCTET" quantize llama --quiet >/dev/null

failed=0
check() {
  "$work/venv/bin/python" "$root/scripts/peers/$1.py" 2>"$work/$1.log" || { failed=1 && tail -5 "$work/$1.log" >&2; }
}
if [ $# -gt 0 ]; then
  for name; do check "$name"; done
  exit "$failed"
fi
{
  cat <<EOF
# Other programs on the same models

Written by \`scripts/peers.sh\` on $(date -u +%F), at commit $(git -C "$root" rev-parse --short HEAD). Two models are trained for it on
the pages of \`docs/\`: one of Llama shape with grouped heads and a tied head, one of GPT-2 shape with a head of its own. Relative
errors are the largest difference over the largest logit, of $("$OCTET" --version | head -1 | cut -d, -f1) and the program named.
Speeds are those of $(lscpu | sed -n 's/^Model name: *//p'), $("$OCTET" --version | grep -v 'not available' | grep -o 'cpu-[a-z0-9]*' | head -1).

| what | program | measured | bound |
| --- | --- | ---: | ---: |
EOF
  for file in "$root"/scripts/peers/*.py; do
    name=$(basename "$file" .py)
    case $name in common | llama_peer) ;; *) check "$name" ;; esac
  done
} >"$work/peers.md"
cp "$work/peers.md" "$root/docs/results/peers.md"
cat "$root/docs/results/peers.md"
exit "$failed"
