// Octet's products with quantized weights on the GPU, as one JSON document: of few rows, as in generation, beside the
// speed of a copy, which bounds them; and of many rows, as in prompts, beside the same product of FP32. Without a GPU
// it says so and returns 4.
//
//     build/release/gpu_vectors --out gpu_vectors.json

#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "bench/gpu.h"
#include "bench/options.h"
#include "bench/products.h"
#include "tensor/backend.h"
#include "tensor/cuda/gemm/products.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/weight_linear.h"
#include "tensor/replay.h"

namespace octet::bench {
namespace {

using nlohmann::ordered_json;

struct Arguments {
  std::int64_t size = 8192;  // N and K
  std::int64_t cold_mib = 1024;
  std::vector<std::int64_t> rows = {1, 2, 4, 8, 16};
  std::vector<std::string> kinds = {"int8", "int4", "int8-weight-only", "int4-weight-only"};
  bool vectors_only = false;
  std::string file;
};

ProductKind kind_named(const std::string& name) {
  const auto kind = enum_from_name<ProductKind>(name);
  if (!kind || *kind == ProductKind::fp32 || *kind == ProductKind::onednn_int8) {
    fail(ErrorKind::config, "--kinds: expected int8, int4, int8-weight-only or int4-weight-only, got \"{}\"", name);
  }
  return *kind;
}

bool is_weight_only(ProductKind kind) {
  return kind == ProductKind::int8_weight_only || kind == ProductKind::int4_weight_only;
}

PackedWeight packed(ProductKind kind, const LayerShape& shape) {
  const bool int4 = kind == ProductKind::int4 || kind == ProductKind::int4_weight_only;
  return PackedWeight(random_codes(kind, shape), int4 ? PackedFormat::int4 : PackedFormat::int8);
}

/// Copies that no cache holds together.
std::vector<PackedWeight> cold_weights(ProductKind kind, const LayerShape& shape, std::int64_t bytes) {
  const PackedWeight weight = packed(kind, shape);
  std::vector<PackedWeight> weights;
  for (std::int64_t copy = 0; copy < copies_of(kind, shape, bytes); ++copy) {
    weights.push_back(weight.to(DeviceKind::cuda));
  }
  return weights;
}

/// Seconds of multiply(weight), each with the next weight. Recorded once, since starting such short kernels one by one
/// takes the host longer than they run.
template <typename Multiply>
double replayed_seconds(const std::vector<PackedWeight>& weights, const Multiply& multiply) {
  const Replay replay(DeviceKind::cuda, [&] {
    for (const PackedWeight& weight : weights) {
      multiply(weight);
    }
  });
  return median_seconds([&] { replay.run(); }) / static_cast<double>(weights.size());
}

/// The product alone, of activations that are quantized already.
void multiply_codes(const QuantizedRows& x, const PackedWeight& weight, const Tensor& y) {
  const IntLinearArgs args{x.view(), weight.view(), nullptr, Nonlinearity::none, nullptr, nullptr, y.data<float>()};
  const KernelTable& table = kernels(DeviceKind::cuda);
  weight.format() == PackedFormat::int8 ? table.int8_linear(args) : table.int4_linear(args);
}

ordered_json vector_row(ProductKind kind, const LayerShape& shape, std::int64_t rows,
                        const std::vector<PackedWeight>& weights, double copy_gbps) {
  const Tensor x = random_values({rows, shape.k}).to(DeviceKind::cuda);
  ordered_json row = {{"format", enum_name(kind)}, {"rows", rows}, {"n", shape.n}, {"k", shape.k}};
  double seconds = 0;
  if (is_weight_only(kind)) {
    seconds = replayed_seconds(weights, [&](const PackedWeight& weight) { weight_linear(x, weight); });
  } else {
    const QuantizedRows codes = quantize_rows(x, weights.front().layout());
    const Tensor y = Tensor::empty({rows, shape.n}, DType::f32, DeviceKind::cuda);
    seconds = replayed_seconds(weights, [&](const PackedWeight& weight) { multiply_codes(codes, weight, y); });
    row["seconds_with_quantize_rows"] =
        replayed_seconds(weights, [&](const PackedWeight& weight) { dynamic_linear(x, weight); });
  }
  const double gbps = 1e-9 * weight_bytes(kind, shape) / seconds;
  row["seconds"] = seconds;
  row["weight_gb_per_second"] = gbps;
  row["share_of_copy"] = gbps / copy_gbps;
  return row;
}

void add_vectors(ordered_json& results, ProductKind kind, const Arguments& arguments) {
  const double copy_gbps = results.at("copy").at("read_and_written_gb_per_second").get<double>();
  const LayerShape shape{"", "", arguments.size, arguments.size};
  const auto weights = cold_weights(kind, shape, arguments.cold_mib << 20);
  for (const std::int64_t count : arguments.rows) {
    results["vectors"].push_back(vector_row(kind, shape, count, weights, copy_gbps));
  }
}

ordered_json cube_row(std::string_view name, std::int64_t size, const std::function<void()>& run) {
  const double seconds = median_seconds(run), each = static_cast<double>(size);
  return {{"name", name},
          {"size", size},
          {"seconds", seconds},
          {"tera_operations_per_second", 2e-12 * each * each * each / seconds}};
}

void add_float_cube(ordered_json& rows, const char* name, cuda::MathMode mode, std::int64_t size) {
  const Tensor x = random_values({size, size}).to(DeviceKind::cuda);
  const Tensor w = random_values({size, size}).to(DeviceKind::cuda);
  cuda::set_math_mode(mode);
  rows.push_back(cube_row(name, size, [&] { linear(x, w); }));
  cuda::set_math_mode(cuda::MathMode::fp32);
}

/// The operation that a layer calls, with all that belongs to it; of int8 the first part alone as well.
void add_quantized_cube(ordered_json& rows, ProductKind kind, std::int64_t size) {
  const LayerShape shape{"", "", size, size};
  const Tensor x = random_values({size, size}).to(DeviceKind::cuda);
  const PackedWeight weight = packed(kind, shape).to(DeviceKind::cuda);
  rows.push_back(cube_row(enum_name(kind), size,
                          [&] { is_weight_only(kind) ? weight_linear(x, weight) : dynamic_linear(x, weight); }));
  if (kind == ProductKind::int8) {
    const double seconds = median_seconds([&] { quantize_rows(x, weight.layout()); });
    rows.push_back({{"name", "quantize_rows alone"}, {"size", size}, {"seconds", seconds}});
  }
}

void measure(const Arguments& arguments, GpuDocument& document) {
  document.section("copy", [&](ordered_json& results) {
    results["copy"] = measure_copy(arguments.cold_mib << 20);
    warm_up_gpu();
  });
  for (const std::string& kind : arguments.kinds) {
    document.section("vectors " + kind,
                     [&](ordered_json& results) { add_vectors(results, kind_named(kind), arguments); });
  }
  if (arguments.vectors_only) {
    return;
  }
  for (const auto& cube : {std::pair{"fp32", cuda::MathMode::fp32}, std::pair{"tf32", cuda::MathMode::tf32},
                           std::pair{"bf16", cuda::MathMode::bf16}}) {
    document.section(fmt::format("cube {}", cube.first), [&](ordered_json& results) {
      add_float_cube(results["cubes"], cube.first, cube.second, arguments.size);
    });
  }
  for (const std::string& kind : arguments.kinds) {
    document.section("cube " + kind, [&](ordered_json& results) {
      add_quantized_cube(results["cubes"], kind_named(kind), arguments.size);
    });
  }
}

}  // namespace
}  // namespace octet::bench

int main(int argc, char** argv) {
  octet::bench::Arguments arguments;
  octet::bench::Options options("gpu_vectors", "Products with quantized weights on the GPU");
  options.add("--size", arguments.size, "N and K, a multiple of 32");
  options.add("--rows", arguments.rows, "rows of activations");
  options.add("--kinds", arguments.kinds, "of weights");
  options.add("--cold-mib", arguments.cold_mib, "weights that are read in turn");
  options.add("--vectors-only", arguments.vectors_only, "no products of many rows");
  options.add("--out", arguments.file, "file of the results, instead of the standard output");
  if (const auto code = options.parse(argc, argv)) {
    return *code;
  }
  return octet::bench::run_on_gpu("gpu_vectors", arguments.file,
                                  [&](auto& document) { octet::bench::measure(arguments, document); });
}
