#pragma once

// The float kernels in this folder are plain loops, written once and compiled once per instruction set: each
// tensor/cpu/ISA/table.cpp includes them with its own compiler flags and the compiler vectorises them. Everything lives
// in an anonymous namespace and no standard-library template is used, so that no AVX-512 copy of a shared function can
// reach a machine without AVX-512 through the linker.

#include <cstdint>

#include "tensor/kernels/float_kernels.h"
#include "tensor/kernels/formulas.h"

namespace octet::cpu {
namespace {

// Below this many elements, waking the other threads costs more than they save.
constexpr std::int64_t kParallelElements = 16384;

inline float minimum(float a, float b) {
  return a < b ? a : b;
}
inline float maximum(float a, float b) {
  return a > b ? a : b;
}

}  // namespace
}  // namespace octet::cpu
