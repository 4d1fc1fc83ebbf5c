#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "tensor/formats/codes.h"

// The products that the benchmarks time: y (M, N) = x (M, K) W^T for the layers of two models, by the operations that
// layers call. So a time contains everything that a layer does: the activations are quantized, the int32 sums become
// scaled floats.

namespace octet::bench {

/// A weight W (N, K) of a model.
struct LayerShape {
  std::string model;
  std::string layer;
  std::int64_t n, k;

  /// "llama-31m/qkv"
  std::string name() const { return model + "/" + layer; }
};

/// The five matrices of a block and the head, of models with 31 and 97 million parameters.
const std::vector<LayerShape>& layer_shapes();

/// Rows of activations: from one token at a time to a long prompt.
inline constexpr std::int64_t kRowCounts[] = {1, 4, 16, 32, 128, 512};

/// How W is stored and multiplied. onednn_int8 is another library's, see onednn_int8.h.
enum class ProductKind { fp32, onednn_int8, int8, int4, int8_weight_only, int4_weight_only };

}  // namespace octet::bench

namespace octet {

template <>
inline constexpr auto enum_names<bench::ProductKind> =
    std::to_array<EnumName<bench::ProductKind>>({{bench::ProductKind::fp32, "fp32"},
                                                 {bench::ProductKind::onednn_int8, "onednn-int8"},
                                                 {bench::ProductKind::int8, "int8"},
                                                 {bench::ProductKind::int4, "int4"},
                                                 {bench::ProductKind::int8_weight_only, "int8-weight-only"},
                                                 {bench::ProductKind::int4_weight_only, "int4-weight-only"}});

}  // namespace octet

namespace octet::bench {

struct Product {
  std::function<void()> run;
  double operations = 0;    ///< multiplication and addition count as 2
  double weight_bytes = 0;  ///< that one run reads of W, in the order of the kernels, scales included
};

/// A product of random values. Each run takes the next of `copies` copies of W, so that none stays in the cache where
/// together they exceed it. None where the kind is not in this build.
std::optional<Product> make_product(ProductKind kind, const LayerShape& shape, std::int64_t m, std::int64_t copies = 1);

/// Copies of W that together take about `bytes`, at least one.
std::int64_t copies_of(ProductKind kind, const LayerShape& shape, std::int64_t bytes);

/// Bytes of one W in the order of the kernels: the scales of int4 are FP16, those of int8 FP32.
double weight_bytes(ProductKind kind, const LayerShape& shape);

/// In [-1, 1], without a visible pattern.
Tensor random_values(const Shape& shape);
/// All that int8 and int4 have, with one scale.
Codes random_codes(ProductKind kind, const LayerShape& shape);

/// Bytes that no cache holds: 1.5 times the last-level cache or more (eval/speed/machine_limits.h), at most 1 GiB.
std::int64_t cold_bytes();

}  // namespace octet::bench
