#pragma once

#include <cstdint>
#include <functional>

namespace octet::bench {

/// The bar: y (M, N) f32 = (int8 x (M, K) times int8 w (N, K)) * scale[n], by the fastest that oneDNN offers for the
/// shape, found by a trial:
///   - the `matmul` primitive with the weights in the layout that it chooses, for unsigned or for signed activations
///   - dnnl_gemm_u8s8s32 with the weights as they are, and a loop that scales the sums (fastest for one row)
/// It gets its activations as bytes and gives no row a scale of its own, which oneDNN 2.6 cannot do: less work than
/// Octet's product, which quantizes the rows first.
///
/// Runs with the next of `copies` copies of the weights each time. Empty in a build without oneDNN.
std::function<void()> onednn_int8_product(std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t copies);

}  // namespace octet::bench
