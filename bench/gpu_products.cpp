// What the GPU and cuBLASLt do, as one JSON document: memory, products, the smallest numbers of rows that int8 takes,
// sums that must not lose their tail, and what starting a kernel costs. Without a GPU it says so and returns 4.
//
//     build/release/gpu_products --out gpu_products.json
//
// Data is random: zeros would draw less power and run faster.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "base/random.h"
#include "bench/empty_kernels.h"
#include "bench/gpu.h"
#include "bench/options.h"
#include "tensor/cuda/gemm/products.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet::bench {
namespace {

using cuda::LtProduct;
using cuda::MathMode;
using nlohmann::ordered_json;

/// Device memory of `count` T.
template <typename T>
class Buffer {
 public:
  explicit Buffer(std::int64_t count) : bytes_(static_cast<std::size_t>(count) * sizeof(T)) {
    memory_ = cuda::allocate(bytes_);
  }
  explicit Buffer(const std::vector<T>& values) : Buffer(static_cast<std::int64_t>(values.size())) {
    cuda::copy_to_device(memory_, values.data(), bytes_);
  }
  ~Buffer() { cuda::release(memory_, bytes_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* data() const { return static_cast<T*>(memory_); }
  std::vector<T> first(std::int64_t count) const {
    std::vector<T> values(static_cast<std::size_t>(count));
    cuda::copy_to_host(values.data(), memory_, values.size() * sizeof(T));
    return values;
  }

 private:
  std::size_t bytes_;
  void* memory_ = nullptr;
};

std::vector<float> random_floats(std::int64_t count, std::uint64_t stream) {
  std::vector<float> values(static_cast<std::size_t>(count));
  const Random random(1, stream);
  parallel_for(count, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      values[static_cast<std::size_t>(i)] = 2 * random.uniform(static_cast<std::uint64_t>(i)) - 1;
    }
  });
  return values;
}

std::vector<std::int8_t> random_codes(std::int64_t count, std::uint64_t stream) {
  std::vector<std::int8_t> codes(static_cast<std::size_t>(count));
  const Random random(1, stream);
  parallel_for(count, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto below_255 = static_cast<int>(random.below(static_cast<std::uint64_t>(i), 255));
      codes[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(below_255 - 127);
    }
  });
  return codes;
}

/// Which operand of y (rows, N) = x (rows, K) W^T is computed; gradients read dy (rows, N).
enum class Form { forward, input_gradient, weight_gradient };
constexpr const char* kFormNames[] = {"y = x W^T", "dx = dy W", "dW = dy^T x"};

struct LayerShape {
  const char* name;
  std::int64_t rows, n, k;
};

constexpr LayerShape kCubes[] = {
    {"1024^3", 1024, 1024, 1024}, {"4096^3", 4096, 4096, 4096}, {"8192^3", 8192, 8192, 8192}};
constexpr std::int64_t kTokens = 8 * 1024;  // a batch of 8 texts of 1024 tokens
constexpr LayerShape kGpt2[] = {{"gpt2-124m qkv", kTokens, 2304, 768},
                                {"gpt2-124m output", kTokens, 768, 768},
                                {"gpt2-124m up", kTokens, 3072, 768},
                                {"gpt2-124m down", kTokens, 768, 3072},
                                {"gpt2-124m head", kTokens, 50304, 768},
                                {"gpt2-124m head, unpadded", kTokens, 50257, 768}};  // rows at no multiple of 16 bytes
constexpr std::int64_t kMostElements = kTokens * 50304;  // of the largest matrix, y of the head

/// Operands for every product, made once.
struct Operands {
  Buffer<float> x{random_floats(std::int64_t{8192} * 8192, 1)};
  Buffer<float> w{random_floats(std::int64_t{8192} * 8192, 2)};
  Buffer<float> y{random_floats(kMostElements, 3)};
  Buffer<float> result{std::int64_t{8192} * 8192};
  Buffer<std::int8_t> x_codes{random_codes(std::int64_t{8192} * 8192, 4)};
  Buffer<std::int8_t> w_codes{random_codes(std::int64_t{8192} * 8192, 5)};
};

LtProduct float_product(const Operands& of, const LayerShape& s, Form form, MathMode math) {
  GemmArgs args;
  switch (form) {
    case Form::forward:
      args = {.transpose_b = true,
              .m = s.rows,
              .n = s.n,
              .k = s.k,
              .a = of.x.data(),
              .lda = s.k,
              .b = of.w.data(),
              .ldb = s.k,
              .c = of.y.data(),
              .ldc = s.n};
      break;
    case Form::input_gradient:
      args = {.m = s.rows,
              .n = s.k,
              .k = s.n,
              .a = of.y.data(),
              .lda = s.n,
              .b = of.w.data(),
              .ldb = s.k,
              .c = of.result.data(),
              .ldc = s.k};
      break;
    case Form::weight_gradient:
      args = {.transpose_a = true,
              .m = s.n,
              .n = s.k,
              .k = s.rows,
              .a = of.y.data(),
              .lda = s.n,
              .b = of.x.data(),
              .ldb = s.k,
              .c = of.result.data(),
              .ldc = s.k};
      break;
  }
  LtProduct product = cuda::column_major(args);
  product.math = math;
  return product;
}

LtProduct codes_product(const Operands& of, const LayerShape& s) {
  return cuda::int8_product(s.rows, s.n, s.k, of.x_codes.data(), of.w_codes.data(), s.k,
                            reinterpret_cast<std::int32_t*>(of.y.data()));
}

/// A row of the document: the time, or what the library says.
ordered_json timed(const LayerShape& shape, const char* form, const char* type, const LtProduct& product) {
  ordered_json row = {{"name", shape.name}, {"form", form}, {"type", type},
                      {"rows", shape.rows}, {"n", shape.n}, {"k", shape.k}};
  try {
    const double seconds = median_seconds([&product] { multiply(product); });
    row["seconds"] = seconds;
    row["tera_operations_per_second"] = 2e-12 * static_cast<double>(shape.rows * shape.n * shape.k) / seconds;
  } catch (const Error& error) {
    row["error"] = error.what();
  }
  return row;
}

struct NamedMode {
  const char* name;
  MathMode mode;
};
constexpr NamedMode kModes[] = {{"fp32", MathMode::fp32}, {"tf32", MathMode::tf32}, {"bf16", MathMode::bf16}};

/// One shape in these forms and every type.
void add_products(ordered_json& rows, const Operands& of, const LayerShape& shape, std::initializer_list<Form> forms) {
  for (const Form form : forms) {
    for (const NamedMode& math : kModes) {
      rows.push_back(
          timed(shape, kFormNames[static_cast<int>(form)], math.name, float_product(of, shape, form, math.mode)));
    }
  }
  if (shape.n % 4 == 0) {  // int8 takes no others
    rows.push_back(timed(shape, kFormNames[0], "int8", codes_product(of, shape)));
  }
}

/// int8 with few rows, as in generation; layers as large as 4096 x 4096, which the second-level cache holds.
ordered_json few_rows(const Operands& of) {
  ordered_json rows = ordered_json::array();
  for (const std::int64_t count : {1, 2, 4, 8, 16, 17, 32, 64}) {
    const LayerShape shape{"4096 x 4096", count, 4096, 4096};
    rows.push_back(timed(shape, kFormNames[0], "int8", codes_product(of, shape)));
  }
  return rows;
}

/// Elements of y that are not K, where all operands are 1: exact in every type. Few columns and a long sum invite the
/// library to cut the sum into parts; a part that is lost shows.
template <typename T>
ordered_json wrong_sums(const char* type, const LayerShape& shape, const LtProduct& product, const Buffer<T>& y) {
  ordered_json row = {{"type", type}, {"rows", shape.rows}, {"n", shape.n}, {"k", shape.k}};
  try {
    multiply(product);
    const std::vector<T> values = y.first(shape.rows * shape.n);
    row["wrong"] = std::count_if(values.begin(), values.end(), [&](T v) { return v != static_cast<T>(shape.k); });
  } catch (const Error& error) {
    row["error"] = error.what();
  }
  return row;
}

ordered_json all_ones() {
  constexpr std::int64_t kMost = 768 * 65'544;
  const Buffer<float> ones(std::vector<float>(kMost, 1.0F));
  const Buffer<std::int8_t> one_codes(std::vector<std::int8_t>(kMost, 1));
  const Buffer<float> y(768 * 768);
  const Buffer<std::int32_t> sums(768 * 768);
  ordered_json rows = ordered_json::array();
  for (const std::int64_t size : {64, 768}) {
    for (const std::int64_t k : {257, 4099, 12'345, 65'537}) {
      const LayerShape odd{"ones", size, size, k};
      const GemmArgs args{.transpose_b = true,
                          .m = size,
                          .n = size,
                          .k = k,
                          .a = ones.data(),
                          .lda = k,
                          .b = ones.data(),
                          .ldb = k,
                          .c = y.data(),
                          .ldc = size};
      for (const NamedMode& math : kModes) {
        LtProduct product = cuda::column_major(args);
        product.math = math.mode;
        rows.push_back(wrong_sums(math.name, odd, product, y));
      }
      const LayerShape padded{"ones", size, size, (k + 3) / 4 * 4};  // int8 takes multiples of 4
      rows.push_back(wrong_sums(
          "int8", padded,
          cuda::int8_product(size, size, padded.k, one_codes.data(), one_codes.data(), padded.k, sums.data()), sums));
    }
  }
  return rows;
}

ordered_json launches() {
  constexpr int kCount = 100;
  const double eager = median_seconds([] { start_empty_kernels(kCount); });
  const EmptyKernelGraph graph(kCount);
  const double recorded = median_seconds([&graph] { graph.start(); });
  return {{"kernels", kCount}, {"eager_seconds", eager}, {"graph_seconds", recorded}};
}

}  // namespace

void measure_products(GpuDocument& document) {
  std::optional<Operands> operands;
  const auto with_operands = [&operands]() -> const Operands& {
    check(operands.has_value(), "expected operands, got none");
    return *operands;
  };
  document.section("copy", [](ordered_json& results) {
    results["copy"] = measure_copy(std::int64_t{1} << 30);  // no cache holds it
    warm_up_gpu();
  });
  document.section("operands", [&](ordered_json&) { operands.emplace(); });
  for (const LayerShape& shape : kCubes) {
    document.section(shape.name, [&](ordered_json& results) {
      add_products(results["products"], with_operands(), shape, {Form::forward});
    });
  }
  for (const LayerShape& shape : kGpt2) {
    document.section(shape.name, [&](ordered_json& results) {
      add_products(results["products"], with_operands(), shape,
                   {Form::forward, Form::input_gradient, Form::weight_gradient});
    });
  }
  document.section("few rows", [&](ordered_json& results) { results["few_rows"] = few_rows(with_operands()); });
  operands.reset();
  document.section("all ones", [](ordered_json& results) { results["all_ones"] = all_ones(); });
  document.section("launches", [](ordered_json& results) { results["launches"] = launches(); });
}

}  // namespace octet::bench

int main(int argc, char** argv) {
  std::string file;
  octet::bench::Options options("gpu_products", "What the GPU and cuBLASLt do");
  options.add("--out", file, "file of the results, instead of the standard output");
  if (const auto code = options.parse(argc, argv)) {
    return *code;
  }
  return octet::bench::run_on_gpu("gpu_products", file, octet::bench::measure_products);
}
