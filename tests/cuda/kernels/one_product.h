#pragma once

// Kernels of one instruction each, for tests: what tensor/cuda/language/mma.h gives to those of Octet. Pointers are to
// device memory.

namespace octet::cuda {

/// d (16, 8) = a (16, 8 words) b (8 columns, 8 words)^T by one warp, of which the first `lanes` lanes take part. Words
/// are floats of TF32, or four int8 codes with int32 sums.
void one_product(const float* a, const float* b, float* d, int lanes);
void one_product(const int* a, const int* b, int* d, int lanes);

/// d (16, 16) = a (16, 8 words) b (16 columns, 8 words)^T in int8 codes, with both from shared memory by load_fragment.
void product_from_shared(const int* a, const int* b, int* d);

/// y = the nearest floats of TF32, for at most 32 of them.
void round_to_tf32(const float* x, float* y, int count);

}  // namespace octet::cuda
