#pragma once

/// Of functions that the CPU and a GPU both run.
#ifdef __CUDACC__
#define OCTET_ANYWHERE __host__ __device__ inline
#else
#define OCTET_ANYWHERE inline
#endif
