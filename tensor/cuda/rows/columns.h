#pragma once

#include "tensor/cuda/language/pack.h"
#include "tensor/kernels/float_kernels.h"

// Sums over the rows of a matrix, column by column, in two stages: rows are cut into chunks of kRowsPerChunk, whose
// sums are added in their order. Nothing depends on the chip.

namespace octet::cuda {

constexpr int kColumnWarps = 8;

/// sums (chunks, kSums, columns): the sum of term(row, column) over the rows of a chunk. A block takes 32 columns, one
/// for each lane; warp w takes rows w, w + 8, ... of the chunk.
template <int kSums, typename Term>
__global__ void sum_chunks_kernel(std::int64_t rows, std::int64_t chunk_rows, std::int64_t columns, Term term,
                                  float* sums) {
  __shared__ Pack<kSums> of_warp[kColumnWarps][kWarp];
  const std::int64_t chunk = blockIdx.y, column = std::int64_t{blockIdx.x} * kWarp + lane_id();
  const std::int64_t end = (chunk + 1) * chunk_rows < rows ? (chunk + 1) * chunk_rows : rows;
  Pack<kSums> sum = {};
  for (std::int64_t row = chunk * chunk_rows + warp_id(); row < end && column < columns; row += kColumnWarps) {
    const Pack<kSums> more = term(row, column);
    for (int i = 0; i < kSums; ++i) {
      sum.at[i] += more.at[i];
    }
  }
  of_warp[warp_id()][lane_id()] = sum;
  __syncthreads();
  if (warp_id() == 0 && column < columns) {
    for (int i = 0; i < kSums; ++i) {
      float total = 0.0F;
      for (int warp = 0; warp < kColumnWarps; ++warp) {
        total += of_warp[warp][lane_id()].at[i];
      }
      sums[(chunk * kSums + i) * columns + column] = total;
    }
  }
}

/// Columns go along x: positions times channels are more than the 65,535 blocks that y may have.
inline Grid grid_of_chunks(std::int64_t chunks, std::int64_t columns) {
  return {dim3(blocks_for(columns, kWarp), static_cast<unsigned>(chunks)), dim3(kColumnWarps * kWarp)};
}

/// partial (row_chunks(rows), kSums, columns) = sums of term(row, column), a Pack<kSums>, over each chunk.
template <int kSums, typename Term>
void sum_chunks(const char* name, std::int64_t rows, std::int64_t columns, const Term& term, float* partial) {
  if (rows > 0 && columns > 0) {
    launch(name, sum_chunks_kernel<kSums, Term>, grid_of_chunks(row_chunks(rows), columns), rows, kRowsPerChunk,
           columns, term, partial);
  }
}

struct PartialTerm {
  const float* partial;
  std::int64_t stride;

  __device__ Pack<1> operator()(std::int64_t chunk, std::int64_t column) const {
    return load<1>(partial + chunk * stride + column);
  }
};

/// y (columns) = sum of the chunks of partial, `stride` apart.
inline void add_chunks(const char* name, const float* partial, std::int64_t chunks, std::int64_t stride,
                       std::int64_t columns, float* y) {
  if (columns > 0) {
    launch(name, sum_chunks_kernel<1, PartialTerm>, grid_of_chunks(1, columns), chunks, chunks, columns,
           PartialTerm{partial, stride}, y);
  }
}

}  // namespace octet::cuda
