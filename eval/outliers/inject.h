#pragma once

#include <cstdint>
#include <vector>

#include "base/config/field.h"
#include "nn/gpt.h"

namespace octet {

/// What grows in each block.
enum class OutlierPlace { norms, values, keys, hidden };

template <>
inline constexpr auto enum_names<OutlierPlace> = std::to_array<EnumName<OutlierPlace>>({
    {OutlierPlace::norms, "norms"},
    {OutlierPlace::values, "values"},
    {OutlierPlace::keys, "keys"},
    {OutlierPlace::hidden, "hidden"},
});

/// Where to plant outliers, and how large.
struct OutlierInjection {
  std::vector<std::int64_t> channels = {0};  ///< of each place: of the width, of all key or value heads, of the MLP
  std::vector<std::int64_t> layers = {};     ///< blocks; none means all
  std::vector<OutlierPlace> places = {OutlierPlace::norms};
  std::int64_t exponent = 6;  ///< the channels grow by 2^exponent
};

/// How many channels a place has.
std::int64_t outlier_channels(OutlierPlace place, const GptConfig& config);

/// Makes a model hard to quantize without changing what it computes. Large models grow a few channels with huge
/// activations (LLM.int8); small ones do not, so here they are planted. In each block and for each channel j, what a
/// place gives is multiplied by 2^k and what reads it by 2^-k:
///
///     place    gives, times 2^k                            reads, times 2^-k
///     norms    gain_j and bias_j of both norms             columns j of attention.qkv, mlp.up and mlp.gate
///     values   row j of the values in attention.qkv        columns of attention.output that read this value
///     keys     row j of the keys, and the row that RoPE    the same rows of the queries of all heads that meet
///              turns together with it                      this key
///     hidden   row j of mlp.up (llama)                     column j of mlp.down
///
/// Each product stays the same number, because scaling by a power of two commutes with every rounding: the FP32 logits
/// are bit-identical. Yet a scale per token must now stretch over the planted channel and leaves few levels to the
/// others, and a scale per row of W must resolve a column that is 2^k times smaller. (Planted keys are met by no layer,
/// but by a cache of int8 keys.)
///
/// Errors: config where a channel or layer does not exist, a layer is not FP32, `hidden` is asked of an MLP with GELU,
/// which no factor passes, or 2^k leaves the range of normal floats (the model is then unchanged).
void inject_outliers(Gpt& model, const OutlierInjection& injection);

}  // namespace octet
