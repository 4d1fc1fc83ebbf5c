#pragma once

#include "tensor/cuda/language/device.h"

// The product that a warp computes on tensor cores: D (16, 8) += A (16, 8 words) B (8 words, 8). A word along K is one
// float of TF32 (K = 8), or four codes of int8 (K = 32). Source: PTX ISA, "mma.sync", m16n8k8 .tf32 and m16n8k32 .s8.
//
// Each lane has a fragment of each matrix. With g = lane / 4 and t = lane % 4:
//   a[0] = A(g, t)     a[1] = A(g + 8, t)     a[2] = A(g, t + 4)     a[3] = A(g + 8, t + 4)
//   b[0] = B(t, g)     b[1] = B(t + 4, g)
//   d[0] = D(g, 2 t)   d[1] = D(g, 2 t + 1)   d[2] = D(g + 8, 2 t)   d[3] = D(g + 8, 2 t + 1)

namespace octet::cuda {

constexpr int kMmaRows = 16, kMmaColumns = 8, kMmaWords = 8;

__device__ inline int fragment_group() {
  return lane_id() / 4;
}
__device__ inline int fragment_member() {
  return lane_id() % 4;
}

/// `ldmatrix` brings four matrices of 8 rows of 16 bytes from shared memory: lane 8 i + r names the row r of matrix i,
/// and lane 4 r + t gets its word t. These are the row and the word that each lane names for a fragment of 16 rows of 8
/// words: matrix i becomes word i of a.
__device__ inline int matrix_row(int lane) {
  return lane % kMmaRows;
}
__device__ inline int matrix_word(int lane) {
  return lane / kMmaRows * 4;
}

#ifdef OCTET_CUDA_SIMULATOR

/// a = the fragment A of 16 rows in shared memory, each 8 words long and `pitch` words behind the one before; 16
/// columns of B are such rows too, and {a[0], a[2]}, {a[1], a[3]} the fragments of the first and the last eight. Rows
/// begin at multiples of 16 bytes; an odd number of them apart, eight rows are in different banks. All lanes of the
/// warp must take part.
inline void load_fragment(const int* words, int pitch, int (&a)[4]) {
  for (int i = 0; i < 4; ++i) {
    const int named_by = 8 * i + fragment_group();
    a[i] = words[matrix_row(named_by) * pitch + matrix_word(named_by) + fragment_member()];
  }
}

/// d = a b.
inline void multiply_fragments_anew(const int (&a)[4], const int (&b)[2], int (&d)[4],
                                    simulator::Place where = simulator::Place::here()) {
  d[0] = d[1] = d[2] = d[3] = 0;
  simulator::multiply({false, a, b, d}, where);
}

/// d += a b. All lanes of the warp must take part. Floats must come from to_tf32.
template <typename Word>
void multiply_fragments(const Word (&a)[4], const Word (&b)[2], Word (&d)[4],
                        simulator::Place where = simulator::Place::here()) {
  simulator::multiply({std::is_same_v<Word, float>, a, b, d}, where);
}

/// The nearest float with 10 bits of fraction, ties away from zero.
inline float to_tf32(float x) {
  return simulator::to_tf32(x);
}

#else

__device__ inline void multiply_fragments(const float (&a)[4], const float (&b)[2], float (&d)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])), "r"(__float_as_uint(a[3])),
        "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
}

__device__ inline void multiply_fragments(const int (&a)[4], const int (&b)[2], int (&d)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ inline void multiply_fragments_anew(const int (&a)[4], const int (&b)[2], int (&d)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%10, %10, %10, %10};"
      : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(0));
}

__device__ inline void load_fragment(const int* words, int pitch, int (&a)[4]) {
  const int* const row = words + matrix_row(lane_id()) * pitch + matrix_word(lane_id());
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3])
               : "r"(static_cast<unsigned>(__cvta_generic_to_shared(row)))
               : "memory");
}

__device__ inline float to_tf32(float x) {
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return __uint_as_float(bits);
}

#endif

}  // namespace octet::cuda
