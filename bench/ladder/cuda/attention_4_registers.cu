// Step 4 uses each number that it reads from shared memory eight times. In step 3 a thread had one query, so 16 bytes
// of a key served 4 multiplications, and shared memory, which delivers 16 bytes to 8 lanes a cycle, set the pace. Here
// eight lanes share eight queries, and each has eight keys of a tile: 16 reads of 16 bytes serve 256 multiplications.
// The second product is cut likewise, eight queries times eight columns a lane, and the weights pass through shared
// memory.

#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/cuda/language/vectors.h"

namespace octet::cuda::ladder {
namespace {

constexpr int kThreads = 64, kTile = 64;  // a block has 64 queries, a tile 64 keys
constexpr int kEach = 8;                  // queries, keys and columns of a lane
constexpr int kSharers = 8;               // lanes that share eight queries
// Four floats more than a multiple of 32: the rows that a warp reads at once lie in different banks.
constexpr int kPitch = kHeadDim + 4;
constexpr int kRowsFloats = kTile * kPitch;

/// 64 rows of D floats, times a factor, to shared memory.
__device__ void load_rows(const float* from, float factor, float* to) {
  for (int at = static_cast<int>(threadIdx.x); at < kTile * kHeadDim / 4; at += kThreads) {
    const int row = at / (kHeadDim / 4), column = at % (kHeadDim / 4) * 4;
    const float4 four = *reinterpret_cast<const float4*>(from + row * kHeadDim + column);
    *reinterpret_cast<float4*>(to + row * kPitch + column) = scaled(four, factor);
  }
}

/// Of the queries of a lane: scores become weights exp(score - max), and what was summed before follows the maximum.
__device__ void update_softmax(float (&scores)[kEach][kEach], float (&max)[kEach], float (&sum)[kEach],
                               float4 (&y)[kEach][2]) {
#pragma unroll
  for (int r = 0; r < kEach; ++r) {
    float new_max = max[r];
#pragma unroll
    for (int c = 0; c < kEach; ++c) {
      new_max = fmaxf(new_max, scores[r][c]);
    }
    for (int offset = 1; offset < kSharers; offset *= 2) {
      new_max = fmaxf(new_max, __shfl_xor_sync(kAllLanes, new_max, offset));
    }
    const float factor = expf(max[r] - new_max);
    sum[r] *= factor;
    y[r][0] = scaled(y[r][0], factor);
    y[r][1] = scaled(y[r][1], factor);
#pragma unroll
    for (int c = 0; c < kEach; ++c) {
      scores[r][c] = expf(scores[r][c] - new_max);
      sum[r] += scores[r][c];
    }
    max[r] = new_max;
  }
}

__global__ void __launch_bounds__(kThreads) attention_registers_kernel(AttentionArgs args) {
  float* q = dynamic_shared<float>();
  float* k = q + kRowsFloats;
  float* v = k + kRowsFloats;
  float* weights = v + kRowsFloats;  // (64 queries, 64 keys)
  const int sharer = static_cast<int>(threadIdx.x) % kSharers, row = static_cast<int>(threadIdx.x) / kSharers * kEach;
  const std::int64_t block_first = std::int64_t{blockIdx.x} * kTile, first = blockIdx.y * args.time;
  load_rows(args.q + (first + block_first) * kHeadDim, 1.0F / sqrtf(static_cast<float>(kHeadDim)), q);
  float4 y[kEach][2] = {};
  float max[kEach], sum[kEach] = {};
  for (float& of_row : max) {
    of_row = -INFINITY;
  }
  for (std::int64_t tile = 0; tile <= block_first; tile += kTile) {
    __syncthreads();  // all are done with the previous tile
    load_rows(args.k + (first + tile) * kHeadDim, 1.0F, k);
    load_rows(args.v + (first + tile) * kHeadDim, 1.0F, v);
    __syncthreads();
    float scores[kEach][kEach] = {};  // of the keys sharer, sharer + 8, ...
#pragma unroll 2
    for (int d = 0; d < kHeadDim; d += 4) {
      float4 a[kEach];
#pragma unroll
      for (int r = 0; r < kEach; ++r) {
        a[r] = read_vector(q + (row + r) * kPitch + d);
      }
#pragma unroll
      for (int c = 0; c < kEach; ++c) {
        const float4 b = read_vector(k + (c * kSharers + sharer) * kPitch + d);
#pragma unroll
        for (int r = 0; r < kEach; ++r) {
          scores[r][c] = add_dot(a[r], b, scores[r][c]);
        }
      }
    }
    if (tile == block_first) {  // the only tile with keys behind a query
#pragma unroll
      for (int r = 0; r < kEach; ++r) {
#pragma unroll
        for (int c = 0; c < kEach; ++c) {
          scores[r][c] = c * kSharers + sharer > row + r ? -INFINITY : scores[r][c];
        }
      }
    }
    update_softmax(scores, max, sum, y);
#pragma unroll
    for (int r = 0; r < kEach; ++r) {
#pragma unroll
      for (int c = 0; c < kEach; ++c) {
        weights[(row + r) * kPitch + c * kSharers + sharer] = scores[r][c];
      }
    }
    __syncwarp();  // the lanes that share queries are in one warp
#pragma unroll 2
    for (int j = 0; j < kTile; j += 4) {
      float4 a[kEach];
#pragma unroll
      for (int r = 0; r < kEach; ++r) {
        a[r] = read_vector(weights + (row + r) * kPitch + j);
      }
#pragma unroll
      for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const float4 b = read_vector(v + (j + i) * kPitch + (half * kSharers + sharer) * 4);
#pragma unroll
          for (int r = 0; r < kEach; ++r) {
            add_scaled(component(a[r], i), b, y[r][half]);
          }
        }
      }
    }
  }
#pragma unroll
  for (int r = 0; r < kEach; ++r) {
    float total = sum[r];
    for (int offset = 1; offset < kSharers; offset *= 2) {
      total += __shfl_xor_sync(kAllLanes, total, offset);
    }
    float* to = args.y + (first + block_first + row + r) * kHeadDim + sharer * 4;
    *reinterpret_cast<float4*>(to) = scaled(y[r][0], 1.0F / total);
    *reinterpret_cast<float4*>(to + 4 * kSharers) = scaled(y[r][1], 1.0F / total);
  }
}

}  // namespace

void attention_registers(const AttentionArgs& args) {
  launch("attention_registers", attention_registers_kernel,
         {dim3(blocks_for(args.time, kTile), static_cast<unsigned>(args.heads)), kThreads,
          4 * kRowsFloats * sizeof(float)},
         args);
}

}  // namespace octet::cuda::ladder
