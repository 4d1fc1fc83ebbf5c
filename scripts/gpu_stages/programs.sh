#!/usr/bin/env bash
# Finds programs that start here: those of GPU_SOURCE, an archive or a folder (gpu-bin.txz), or of an earlier build. Makes GPU_PROGRAMS, a link to
# their folder, and GPU_LIBRARIES, what they load and the system lacks. cuBLASLt is the machine's own.
set -uo pipefail
. scripts/gpu_stages/common.sh
rm -rf "$GPU_PROGRAMS" "$GPU_LIBRARIES"
mkdir -p "$GPU_LIBRARIES"

# The toolkit's first, since programs were built with one; PyTorch brings another, which is anywhere.
find_cublaslt() {
  local folder
  for folder in ${CUDA_HOME:+"$CUDA_HOME/lib64"} /usr/local/cuda/lib64 /usr/local/cuda/targets/*/lib /usr/local/cuda*/lib64; do
    [ ! -e "$folder/libcublasLt.so.13" ] || { echo "$folder/libcublasLt.so.13"; return; }
  done
  timeout -k 5 20 find / \( -path /proc -o -path /sys \) -prune -o -name libcublasLt.so.13 -print -quit 2>/dev/null
}
cublaslt=$(find_cublaslt)
if [ -n "$cublaslt" ]; then
  ln -s "$cublaslt" "$GPU_LIBRARIES/"
fi
printf 'cuBLASLt\t%s\n' "${cublaslt:-not found}" >>"$GPU_RAW/machine.txt"

# take FOLDER: its programs, if they start. A program that only lists its tests needs no GPU.
take() {
  local folder=$1
  [ -x "$folder/octet" ] || { echo "no programs in $folder"; return 1; }
  ! [ -d "$folder/lib" ] || cp -P "$folder"/lib/* "$GPU_LIBRARIES/"
  ln -sfn "$(realpath "$folder")" "$GPU_PROGRAMS"
  if program octet --version && { [ ! -e "$folder/tests/test_cuda_gpu" ] || program tests/test_cuda_gpu --gtest_list_tests >/dev/null; }; then
    printf 'programs\t%s\n' "$folder$([ ! -e "$folder/about.txt" ] || echo ", $(cat "$folder/about.txt")")" >>"$GPU_RAW/machine.txt"
    return 0
  fi
  rm "$GPU_PROGRAMS"
  echo "programs of $folder do not start here"
  return 1
}

unpacked=$GPU_WORK/bin
for source in "${GPU_SOURCE:-gpu-bin.txz}" "$GPU_WORK/build"; do
  if [ -f "$source" ]; then
    rm -rf "$unpacked"
    mkdir -p "$unpacked"
    unpack "$source" "$unpacked" || { echo "$source cannot be unpacked"; continue; }
    sources=$(scripts/gpu_stages/sources.sh)
    grep -qsF "$sources" "$unpacked/about.txt" || printf 'warning\t%s was built from other sources\n' "$source" >>"$GPU_RAW/machine.txt"
    source=$unpacked
  fi
  if take "$source"; then
    exit 0
  fi
done
leave_out "no programs that start here (looked at ${GPU_SOURCE:-gpu-bin.txz} and $GPU_WORK/build)"
