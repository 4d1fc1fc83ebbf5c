#!/usr/bin/env bash
# Builds, without a GPU, everything that scripts/gpu_check.sh needs on a machine with one, and packs it into one archive with the shared
# libraries that a bare machine lacks; cuBLASLt is found there. Then unpacks it elsewhere and starts every program, with this folder and
# the packed libraries of this system out of reach: each must say that there is no GPU, with code 4.
#
#   scripts/gpu_prebuild.sh [--lineinfo] [--chip 90] [FILE]     (gpu-bin.txz)
#
# --lineinfo: with the line numbers of kernels, for the source view of a profiler; the kernels are three times as large.
set -euo pipefail
cd "$(dirname "$0")/.."
most_mebibytes=32
file=gpu-bin.txz
lineinfo=OFF
chip=90
while [ $# -gt 0 ]; do
  case $1 in
    --lineinfo) lineinfo=ON ;;
    --chip) chip=${2:?--chip: expected a number like 90}; shift ;;
    -*) echo "error: gpu_prebuild: unknown option $1" >&2; exit 2 ;;
    *) file=$1 ;;
  esac
  shift
done
command -v xz >/dev/null || { echo "error: gpu_prebuild: no xz to pack with (apt-get install xz-utils)" >&2; exit 1; }
build=build/gpu-prebuilt
. scripts/gpu_stages/targets.sh

options=(-DCMAKE_BUILD_TYPE=Release -DOCTET_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=$chip-real" "-DOCTET_CUDA_LINEINFO=$lineinfo"
  -DOCTET_WERROR=ON  # a kernel whose registers do not suffice is not worth the time of a GPU
  -DOCTET_ONEDNN=OFF -DOCTET_CHARTS=OFF "-DCMAKE_EXE_LINKER_FLAGS=-static-libstdc++ -static-libgcc")
if command -v ccache >/dev/null; then
  options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache)
fi
cmake -S . -B $build -G Ninja "${options[@]}" >/dev/null
nice -n 10 cmake --build $build --target "${targets[@]}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin/tests" "$work/bin/lib"
programs=()
for target in "${targets[@]}"; do
  [[ $target = test_* ]] && program=tests/$target || program=$target
  strip -o "$work/bin/$program" "$build/$program"
  programs+=("$program")
done
libraries_of "${programs[@]/#/$work/bin/}" | while IFS= read -r library; do cp -L "$library" "$work/bin/lib/"; done
commit=$(git describe --always --dirty 2>/dev/null || echo unknown)
echo "commit $commit, sources $(scripts/gpu_stages/sources.sh), kernels for $chip" >"$work/bin/about.txt"
# Every program has all kernels, some 14 MiB apart: with a window that reaches that far they are packed once.
tar -C "$work/bin" -cf - . | xz --lzma2=preset=2,dict=64MiB >"$work/archive"

scripts/gpu_stages/verify_archive.sh "$work/archive" "${programs[@]}"
mv -f "$work/archive" "$file"
bytes=$(stat -c %s "$file")
printf 'gpu_prebuild: %s, %d.%d MiB: %s; %s; needs %s\n' "$file" $((bytes >> 20)) $(((bytes * 10 >> 20) % 10)) "${programs[*]}" \
  "$(ls "$work/bin/lib" | tr '\n' ' ')" "$(objdump -T "${programs[@]/#/$work/bin/}" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)"
[ $((bytes >> 20)) -lt $most_mebibytes ] || { echo "error: expected less than $most_mebibytes MiB, got $((bytes >> 20))" >&2; exit 1; }
