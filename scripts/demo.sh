#!/usr/bin/env bash
# The main job from nothing: install, build, train the demo model on the King James Bible, quantize it to int8 and int4, evaluate,
# report. Arguments go to `octet run`, for example: scripts/demo.sh train.steps=200
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset release -DOCTET_TESTS=OFF >/dev/null
cmake --build build/release --target octet
scripts/corpus.sh
exec build/release/octet run configs/demo.yaml "$@"
