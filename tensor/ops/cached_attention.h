#pragma once

#include <optional>

#include "tensor/ops/attention.h"
#include "tensor/ops/kv_layer.h"

namespace octet {

/// Causal attention for generation: the keys and values of qkv (B, T, (H + 2 Hkv) D) are appended behind the `past`
/// positions of the cache, and each query attends to everything up to its own position. Queries meet what the cache
/// holds also of this call: with an int8 cache the rounded keys and values, so that a text gives the same result in one
/// call and in several, within the rounding of FP32. With `rope_theta` queries and keys are rotated first, as by
/// rope(). With gamma below 0 the softmax is clipped (attention.h). Records no gradient. Errors: a cache of another
/// shape or device, or without room; a gamma above 0; a number of past positions on the device for 8 or more new ones,
/// or for a softmax that is clipped.
///
/// Clipped, even a single query is multiplied in a block: ranges of positions that are merged later cannot clip, for
/// none of them knows the sum over all. That reads the whole cache into rows of floats for every token.
Tensor cached_attention(const Tensor& qkv, const HeadLayout& layout, const KvLayer& cache, Past past,
                        std::optional<float> rope_theta = {}, float gamma = 0.0F);

}  // namespace octet
