#!/usr/bin/env bash
# Every test: installs what is missing, checks how the sources are laid out, builds with warnings as errors, runs all tests; then the quick
# ones again under the address and undefined-behaviour sanitizers, with those that run the program itself. In between clang-tidy looks at
# the sources that changed since the last look at all of them. Arguments go to ctest, for example: scripts/test.sh -R Tokenizer
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
scripts/format.sh
scripts/corpus.sh

# Kernels are compiled wherever nvcc is, also where there is no GPU to run them.
cuda=AUTO
if command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ]; then cuda=ON; fi
cmake --preset release -DOCTET_TESTS=ON -DOCTET_WERROR=ON -DOCTET_CUDA=$cuda -DOCTET_UNITY=TESTS
cmake --build build/release
# Several tests share the processors: a thread that waits must not spin.
export OMP_WAIT_POLICY=passive
ctest --preset release -j "$(nproc)" "$@"
scripts/cases.py build/release

# What changed since the last whole check; scripts/tidy.py looks at everything.
scripts/tidy.py --changed --seconds 150

# No -Werror here: instrumented code makes the compiler see uninitialized variables that are none. The label `cuda` is that of a script
# that runs no program of the build.
cmake --preset asan -DOCTET_UNITY=ALL
cmake --build build/asan
ctest --preset asan -j "$(nproc)" -LE 'slow|bench|torture|cuda' "$@"
scripts/cases.py build/asan
