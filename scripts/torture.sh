#!/usr/bin/env bash
# Ends octet in every bad way there is, lets the same command go on, and compares the end with an uninterrupted run, bit for bit:
# kills at random moments, full disks, folders that cannot be written, several processes at once. docs/robustness.md says what is promised.
#
#   scripts/torture.sh [--kills N] [--seconds S] [--seed N] [--binary FILE] [--work FOLDER] [--only PHASE] [--keep]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

# Small disks are mounted, by root or in a user's own name space, where nothing of them stays behind.
alone=()
for names in "--mount" "--map-root-user --mount"; do
  # shellcheck disable=SC2086
  if unshare $names --propagation private true 2>/dev/null; then
    # shellcheck disable=SC2206
    alone=(unshare $names --propagation private)
    break
  fi
done
exec "${alone[@]}" python3 -B "$root/scripts/torture" --binary "$root/build/release/octet" "$@"
