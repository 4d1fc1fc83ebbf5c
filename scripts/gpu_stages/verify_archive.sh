#!/usr/bin/env bash
# verify_archive.sh FILE PROGRAM ...: unpacks an archive of gpu_prebuild.sh and starts its programs as on another machine, without a GPU.
# In a name space of its own, this folder is empty and the system lacks the libraries that the archive brings.
set -euo pipefail
archive=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. scripts/gpu_stages/common.sh
unpack "$archive" "$work"

. scripts/gpu_stages/targets.sh
mapfile -t hidden < <(libraries_of "${@/#/$work/}" | xargs realpath)

export CUDA_VISIBLE_DEVICES='' LD_LIBRARY_PATH=$work/lib
try() {
  local folder=$1 program code message
  shift
  cd "$folder"
  for program in "$@"; do
    code=0
    case $program in
      octet) message=$("./$program" bench --device cuda --shape llama-31m 2>&1 >/dev/null) || code=$? ;;
      tests/*) message=$("./$program" --gtest_list_tests >/dev/null 2>&1 && echo "error: lists tests") && code=4 ;;
      *) message=$("./$program" 2>&1 >/dev/null) || code=$? ;;
    esac
    if [ "$code" != 4 ] || [[ $message != *"error: "* ]]; then
      echo "error: $program: expected no GPU and code 4, got code $code: $message" >&2
      return 1
    fi
  done
}
export -f try
command='mount -t tmpfs none "$1"; shift; while [ "$1" != -- ]; do mount --bind /dev/null "$1"; shift; done; shift; cd /; try "$@"'
for names in "--mount" "--map-root-user --mount"; do
  # shellcheck disable=SC2086
  if unshare $names --propagation private true 2>/dev/null; then
    # shellcheck disable=SC2086
    unshare $names --propagation private bash -euc "$command" verify "$PWD" "${hidden[@]}" -- "$work" "$@"
    echo "verify_archive: $# programs start with $PWD and ${#hidden[@]} libraries of the system out of reach"
    exit
  fi
done
try "$work" "$@"
echo "verify_archive: $# programs start (no name spaces here, so the build stayed in reach)"
