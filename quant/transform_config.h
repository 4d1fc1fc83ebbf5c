#pragma once

#include <cstdint>

#include "base/config/field.h"

namespace octet {

/// What may be done to an FP32 model before it is rounded. Each leaves its function as it is, and makes it easier to
/// round; all of it ends up in the weights, so that a quantized model runs as any other, but for `down` and `keys` of
/// rotate. See quant/transforms/.
///   smooth   SmoothQuant: moves outliers of activations into the weights
///   rotate   QuaRot: spreads outliers over all channels by random rotations, in the weights or while the model runs
///   awq      AWQ: protects the weights that meet large activations
enum class TransformKind { smooth, rotate, awq };

template <>
inline constexpr auto enum_names<TransformKind> = std::to_array<EnumName<TransformKind>>({
    {TransformKind::smooth, "smooth"},
    {TransformKind::rotate, "rotate"},
    {TransformKind::awq, "awq"},
});

/// Of quant/transforms/smooth.h.
struct SmoothConfig {
  double alpha = 0.5;  ///< the share of the difficulty that moves from the activations to the weights
  /// true: each input gets an alpha of its own, by the error of int8 activations (quant/transforms/smooth_search.h).
  bool search = false;

  bool operator==(const SmoothConfig&) const = default;

  template <class V>
  void visit(V& v) {
    v("alpha", alpha, in_range(0, 1));
    v("search", search);
  }
};

/// Of quant/transforms/rotate.h.
struct RotateConfig {
  std::uint64_t seed = 1;  ///< of the signs
  bool folded = true;      ///< the residual stream and the values, at no cost but that of a head of its own
  bool down = false;       ///< the inputs of mlp.down, while the model runs
  bool keys = false;       ///< queries, keys and values of each head, for a cache of int8: while the model runs (RoPE)

  bool operator==(const RotateConfig&) const = default;

  template <class V>
  void visit(V& v) {
    v("seed", seed);
    v("folded", folded);
    v("down", down);
    v("keys", keys);
  }
};

}  // namespace octet
