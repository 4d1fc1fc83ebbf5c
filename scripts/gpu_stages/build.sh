#!/usr/bin/env bash
# Octet for this GPU, its tests and the programs that measure. A target that fails does not keep the others from being built.
set -euo pipefail

options=(-DCMAKE_BUILD_TYPE=Release -DOCTET_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=${GPU_CHIP:-90}-real")
[ ! -d gpu-deps/usr ] || options+=("-DCMAKE_PREFIX_PATH=$PWD/gpu-deps/usr")
keep_going=(-k)
if command -v ninja >/dev/null; then
  options+=(-G Ninja)
  keep_going=(-k 0)
else
  options+=(-G "Unix Makefiles")
fi
cmake -S . -B "$GPU_BUILD" "${options[@]}"
cmake --build "$GPU_BUILD" -j "${GPU_JOBS:-$(nproc)}" \
  --target octet test_cuda_gpu gpu_products gpu_cublaslt gpu_vectors gpu_training -- "${keep_going[@]}"
