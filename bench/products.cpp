#include "bench/products.h"

#include <algorithm>
#include <array>
#include <memory>

#include "bench/onednn_int8.h"
#include "eval/speed/machine_limits.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/weight_linear.h"

namespace octet::bench {
namespace {

constexpr std::int64_t kGroup = 32;  // weights that share a scale, in int4

std::vector<LayerShape> make_shapes() {
  struct Model {
    const char* name;
    std::int64_t width, hidden, vocabulary;
  };
  std::vector<LayerShape> shapes;
  for (const Model& model : {Model{"llama-31m", 512, 1536, 4096}, Model{"llama-97m", 768, 2048, 8192}}) {
    shapes.push_back({model.name, "qkv", 3 * model.width, model.width});
    shapes.push_back({model.name, "output", model.width, model.width});
    shapes.push_back({model.name, "up", model.hidden, model.width});
    shapes.push_back({model.name, "down", model.width, model.hidden});
    shapes.push_back({model.name, "head", model.vocabulary, model.width});
  }
  return shapes;
}

bool is_int4(ProductKind kind) {
  return kind == ProductKind::int4 || kind == ProductKind::int4_weight_only;
}

/// Numbers without a visible pattern; the real generator (base/random.h) would take longer than the measurement.
std::int64_t scattered(std::int64_t index, std::int64_t bound) {
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(index) * 0x9E3779B97F4A7C15U >> 33) %
                                   static_cast<std::uint64_t>(bound));
}

/// multiply(weight) with the next weight each time.
template <typename Weight, typename Multiply>
std::function<void()> in_turn(std::vector<Weight> weights, Multiply multiply) {
  const auto shared = std::make_shared<std::vector<Weight>>(std::move(weights));
  return [shared, multiply, next = std::size_t{0}]() mutable {
    const NoGrad no_grad;
    next = (next + 1) % shared->size();
    multiply((*shared)[next]);
  };
}

std::function<void()> fp32_product(const LayerShape& shape, std::int64_t m, std::int64_t copies) {
  const Tensor first = random_values({shape.n, shape.k});
  std::vector<Tensor> weights = {first};
  while (static_cast<std::int64_t>(weights.size()) < copies) {
    weights.push_back(first.clone());
  }
  return in_turn(std::move(weights), [x = random_values({m, shape.k})](const Tensor& w) { linear(x, w); });
}

std::function<void()> packed_product(ProductKind kind, const LayerShape& shape, std::int64_t m, std::int64_t copies) {
  const Codes codes = random_codes(kind, shape);
  std::vector<PackedWeight> weights;
  for (std::int64_t copy = 0; copy < copies; ++copy) {
    weights.emplace_back(codes, is_int4(kind) ? PackedFormat::int4 : PackedFormat::int8);
  }
  const bool weight_only = kind == ProductKind::int8_weight_only || kind == ProductKind::int4_weight_only;
  return in_turn(std::move(weights), [weight_only, x = random_values({m, shape.k})](const PackedWeight& w) {
    weight_only ? weight_linear(x, w) : dynamic_linear(x, w);
  });
}

}  // namespace

const std::vector<LayerShape>& layer_shapes() {
  static const std::vector<LayerShape> shapes = make_shapes();
  return shapes;
}

double weight_bytes(ProductKind kind, const LayerShape& shape) {
  const auto n = static_cast<double>(shape.n), k = static_cast<double>(shape.k);
  if (kind == ProductKind::fp32) {
    return 4 * n * k;
  }
  return is_int4(kind) ? n * k / 2 + 2 * n * (k / kGroup) : n * k + 4 * n;
}

Tensor random_values(const Shape& shape) {
  Tensor values = Tensor::empty(shape);
  for (std::int64_t i = 0; i < values.elements(); ++i) {
    values.data<float>()[i] = static_cast<float>(scattered(i, 20'001) - 10'000) * 1e-4F;
  }
  return values;
}

Codes random_codes(ProductKind kind, const LayerShape& shape) {
  Codes codes;
  codes.codes = Tensor::empty({shape.n, shape.k}, DType::i8);
  codes.bits = is_int4(kind) ? 4 : 8;
  codes.granularity = is_int4(kind) ? Granularity::per_group : Granularity::per_channel;
  codes.group = is_int4(kind) ? kGroup : 0;
  codes.scales = Tensor::full(scales_shape(shape.n, shape.k, codes.granularity, kGroup), 0x1p-7F);
  const int limit = largest_code(codes.bits);
  for (std::int64_t i = 0; i < codes.codes.elements(); ++i) {
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(scattered(i, 2 * limit + 1) - limit);
  }
  return codes;
}

std::optional<Product> make_product(ProductKind kind, const LayerShape& shape, std::int64_t m, std::int64_t copies) {
  Product product{{}, 2.0 * static_cast<double>(m * shape.n * shape.k), weight_bytes(kind, shape)};
  switch (kind) {
    case ProductKind::fp32:
      product.run = fp32_product(shape, m, copies);
      break;
    case ProductKind::onednn_int8:
      product.run = onednn_int8_product(m, shape.n, shape.k, copies);
      break;
    default:
      product.run = packed_product(kind, shape, m, copies);
  }
  return product.run ? std::optional(product) : std::nullopt;
}

std::int64_t copies_of(ProductKind kind, const LayerShape& shape, std::int64_t bytes) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(bytes) / weight_bytes(kind, shape)));
}

std::int64_t cold_bytes() {
  return std::min(out_of_cache_bytes() * 3 / 4, std::int64_t{1} << 30);
}

}  // namespace octet::bench
