#!/usr/bin/env bash
# Says which sources clang-format would change, and how; `scripts/format.sh --fix` changes them. Version 14, that of Debian 12:
# others lay out some lines in another way.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh clang-format-14
mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.h' '*.cpp' '*.cu')
if [ "${1:-}" = --fix ]; then
  exec clang-format-14 -i "${sources[@]}"
fi
exec clang-format-14 --dry-run -Werror "${sources[@]}"
