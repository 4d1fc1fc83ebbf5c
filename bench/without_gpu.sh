#!/usr/bin/env bash
# Runs a program where it can see no GPU: it must say so in one line and return 4.
set -uo pipefail
message=$(CUDA_VISIBLE_DEVICES='' "$1" 2>&1 >/dev/null)
code=$?
[ "$code" = 4 ] && [ "$(grep -c '^error: ' <<<"$message")" = 1 ] && exit 0
echo "expected a message and exit code 4, got \"$message\" and $code" >&2
exit 1
