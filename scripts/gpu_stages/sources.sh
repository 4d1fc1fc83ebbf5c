#!/usr/bin/env bash
# A short hash of all that programs are built from, to tell whether those of an archive are of these sources.
cd "$(dirname "$0")/../.." || exit
find base bench cli configs eval io nn quant tensor tests train cmake CMakeLists.txt -type f \
  \( -name '*.cpp' -o -name '*.h' -o -name '*.cu' -o -name '*.cmake' -o -name '*.yaml' -o -name CMakeLists.txt \) -print0 |
  LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16
