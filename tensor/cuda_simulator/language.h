#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "tensor/cuda_simulator/sanitizers.h"
#include "tensor/cuda_simulator/simulator.h"
#include "tensor/half.h"

// The words of CUDA that kernels may use, as C++ for the simulator. Meanings: CUDA C++ Programming Guide, appendix "C++
// language extensions". Kernels run on fibers of one system thread, so nothing here is atomic in earnest.

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __constant__
#define __shared__ static  // blocks run one after another

#define threadIdx (octet::simulator::running->index)
#define blockIdx (octet::simulator::block_index)
#define blockDim (octet::simulator::block_size)
#define gridDim (octet::simulator::grid_size)

// Vectors. Reading one from an address that is not aligned is a fault on a GPU; the undefined-behaviour sanitizer sees
// it.
#define OCTET_VECTORS(T, Name, Size2, Size4)          \
  struct alignas(Size2) Name##2 {                     \
    T x, y;                                           \
  };                                                  \
  struct alignas(Size4) Name##4 {                     \
    T x, y, z, w;                                     \
  };                                                  \
  inline Name##2 make_##Name##2(T x, T y) {           \
    return {x, y};                                    \
  }                                                   \
  inline Name##4 make_##Name##4(T x, T y, T z, T w) { \
    return {x, y, z, w};                              \
  }
OCTET_VECTORS(float, float, 8, 16)
OCTET_VECTORS(int, int, 8, 16)
OCTET_VECTORS(unsigned, uint, 8, 16)
OCTET_VECTORS(signed char, char, 2, 4)
OCTET_VECTORS(unsigned char, uchar, 2, 4)
#undef OCTET_VECTORS

// Barriers and exchanges.
inline void __syncthreads(octet::simulator::Place where = octet::simulator::Place::here()) {
  octet::simulator::wait_for_block(where);
}
inline void __syncwarp(unsigned mask = 0xFFFFFFFFU, octet::simulator::Place where = octet::simulator::Place::here()) {
  octet::simulator::wait_for_warp(mask, where);
}

namespace octet::simulator {

template <typename T>
T shuffle_from(unsigned mask, T value, int source, octet::simulator::Place where) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "CUDA shuffles values of 4 and 8 bytes");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = shuffle(mask, bits, source, where);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

/// The lane at `place` of the running lane's segment of `width` lanes if `inside`, else the lane itself.
inline int lane_of_segment(int place, int width, bool inside) {
  const int lane = running->lane();
  return inside ? lane / width * width + place : lane;
}

}  // namespace octet::simulator

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              octet::simulator::Place where = octet::simulator::Place::here()) {
  return octet::simulator::shuffle_from(mask, value,
                                        octet::simulator::lane_of_segment(source & (width - 1), width, true), where);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 octet::simulator::Place where = octet::simulator::Place::here()) {
  const int place = octet::simulator::running->lane() % width - static_cast<int>(delta);
  return octet::simulator::shuffle_from(mask, value, octet::simulator::lane_of_segment(place, width, place >= 0),
                                        where);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   octet::simulator::Place where = octet::simulator::Place::here()) {
  const int place = octet::simulator::running->lane() % width + static_cast<int>(delta);
  return octet::simulator::shuffle_from(mask, value, octet::simulator::lane_of_segment(place, width, place < width),
                                        where);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                  octet::simulator::Place where = octet::simulator::Place::here()) {
  const int lane = octet::simulator::running->lane();
  const int other = lane ^ lane_mask;
  // Segments before one's own can be read, those behind it not.
  return octet::simulator::shuffle_from(mask, value, other / width <= lane / width ? other : lane, where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              octet::simulator::Place where = octet::simulator::Place::here()) {
  return octet::simulator::ballot(mask, predicate != 0, where);
}
inline int __any_sync(unsigned mask, int predicate, octet::simulator::Place where = octet::simulator::Place::here()) {
  return octet::simulator::ballot(mask, predicate != 0, where) != 0;
}
inline int __all_sync(unsigned mask, int predicate, octet::simulator::Place where = octet::simulator::Place::here()) {
  return octet::simulator::ballot(mask, predicate != 0, where) == mask;
}

// Memory.
template <typename T>
T __ldg(const T* address) {
  return *address;
}
template <typename T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  const octet::simulator::Unwatched atomics_are_no_race;
  const T old = *address;
  *address = old + value;
  return old;
}
template <typename T>
T atomicMax(T* address, std::type_identity_t<T> value) {
  const octet::simulator::Unwatched atomics_are_no_race;
  const T old = *address;
  *address = value > old ? value : old;
  return old;
}
template <typename T>
T atomicMin(T* address, std::type_identity_t<T> value) {
  const octet::simulator::Unwatched atomics_are_no_race;
  const T old = *address;
  *address = value < old ? value : old;
  return old;
}
template <typename T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  const octet::simulator::Unwatched atomics_are_no_race;
  const T old = *address;
  if (old == expected) {
    *address = value;
  }
  return old;
}

// Bits.
inline unsigned __float_as_uint(float value) {
  return std::bit_cast<unsigned>(value);
}
inline float __uint_as_float(unsigned bits) {
  return std::bit_cast<float>(bits);
}
inline int __float_as_int(float value) {
  return std::bit_cast<int>(value);
}
inline float __int_as_float(int bits) {
  return std::bit_cast<float>(bits);
}
inline int __popc(unsigned bits) {
  return std::popcount(bits);
}
/// Byte i of the result is byte (selector >> 4 i) & 7 of b:a.
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
  const std::uint64_t bytes = std::uint64_t{b} << 32 | a;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned byte = (selector >> 4 * i) & 7;
    result |= static_cast<unsigned>(bytes >> 8 * byte & 0xFF) << 8 * i;
  }
  return result;
}

// Numbers.
template <typename T>
T min(T a, T b) {
  return b < a ? b : a;
}
template <typename T>
T max(T a, T b) {
  return a < b ? b : a;
}
inline float rsqrtf(float x) {
  return 1.0F / std::sqrt(x);
}
inline float __fmul_rn(float a, float b) {
  return a * b;
}
inline float __fadd_rn(float a, float b) {
  return a + b;
}
inline float __fdiv_rn(float a, float b) {
  return a / b;
}
/// Half to even; NaN gives 0, and what is too large the nearest int.
inline int __float2int_rn(float x) {
  if (std::isnan(x)) {
    return 0;
  }
  if (x >= 0x1p31F) {
    return std::numeric_limits<int>::max();
  }
  return x < -0x1p31F ? std::numeric_limits<int>::min() : static_cast<int>(std::nearbyint(x));
}

namespace octet::simulator {

/// To TF32 (cvt.rna.tf32.f32): 10 bits of fraction, ties away from zero. NaN and infinity stay.
inline float to_tf32(float x) {
  if (!std::isfinite(x)) {
    return x;
  }
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000U) & ~0x1FFFU);
}

template <typename Byte, typename Word>
Word dot_of_bytes(Word a, Word b, Word sum) {
  for (int shift = 0; shift < 32; shift += 8) {
    sum += static_cast<Word>(static_cast<Byte>(a >> shift)) * static_cast<Word>(static_cast<Byte>(b >> shift));
  }
  return sum;
}

}  // namespace octet::simulator

inline int __dp4a(int a, int b, int sum) {
  return octet::simulator::dot_of_bytes<std::int8_t>(a, b, sum);
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned sum) {
  return octet::simulator::dot_of_bytes<std::uint8_t>(a, b, sum);
}

namespace octet::cuda {

using octet::to_bfloat16;
using octet::to_float;
using octet::to_float16;

}  // namespace octet::cuda
