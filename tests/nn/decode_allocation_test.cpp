// Generation in its steady state asks for no memory: the pool of the tensors serves all from blocks it holds, and
// nothing on the way of a token asks the heap.

#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "nn/layers/quantized_embedding.h"
#include "nn/layers/quantized_linear.h"
#include "tensor/cpu/memory.h"
#include "tests/support/tiny_gpt.h"

// Sanitizers replace these operators themselves; with them only the pool is counted.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OCTET_COUNTS_HEAP 0
#else
#define OCTET_COUNTS_HEAP 1
#endif

namespace {
constinit std::atomic<std::int64_t> heap_requests = 0;
}

#if OCTET_COUNTS_HEAP
// The other forms of new and delete end in these, those for over-aligned types apart. Not inlined: GCC would see free()
// on memory of `new` and take it for a mistake.
void* operator new(std::size_t bytes) {
  ++heap_requests;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) {
    return memory;
  }
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif

namespace octet::decode_allocation_test {
namespace {

constexpr int kWarmUp = 4, kTokens = 8;
constexpr std::int64_t kHeapRequestsPerToken = 0;
// Measured; oneDNN's own, for FP32 products.
constexpr std::int64_t kHeapRequestsPerOnednnProduct = 1;

struct Weights {
  const char* name;
  int bits;  // 32: the layers stay as they are
  Activations activations;
};
constexpr Weights kWeights[] = {{"fp32", 32, Activations::weight_only},
                                {"int8 dynamic", 8, Activations::dynamic},
                                {"int8 weight-only", 8, Activations::weight_only},
                                {"int4 dynamic", 4, Activations::dynamic},
                                {"int4 weight-only", 4, Activations::weight_only}};

AnyWeight stored(const Shape& shape, int bits) {
  Codes codes{Tensor::zeros(shape, DType::i8), {}, bits, Granularity::per_group, 32};
  for (std::int64_t i = 0; i < codes.codes.elements(); ++i) {
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(i % 15 - 7);
  }
  codes.scales = Tensor::full(scales_shape(shape[0], shape[1], codes.granularity, codes.group), 0x1p-6F);
  return bits == 4 ? AnyWeight(Int4Weight(codes)) : AnyWeight(Int8Weight(codes));
}

void quantize(Gpt& model, const Weights& weights) {
  const auto stored_like = [&](const Parameter& weight) { return stored(weight.value().shape(), weights.bits); };
  model.for_each_child([&](const std::string&, ChildSlot& slot) {
    if (auto* linear = dynamic_cast<Linear*>(&slot.module())) {
      slot.replace(QuantizedLinear::from_linear(*linear, stored_like(linear->weight), weights.activations));
    } else if (auto* table = dynamic_cast<Embedding*>(&slot.module())) {
      slot.replace(QuantizedEmbedding::from_embedding(*table, stored_like(table->weight), weights.activations));
    }
  });
}

/// Large enough that products are shared among threads.
GptConfig wide(GptConfig config) {
  config.width = 192;
  config.heads = 4;
  config.hidden = 768;
  config.vocabulary = 384;
  config.context = kWarmUp + kTokens;
  return config;
}

std::int64_t allowed_heap_requests(const GptConfig& config, const Weights& weights) {
  const std::int64_t products_per_layer = config.architecture == Architecture::gpt2 ? 4 : 5;
  const std::int64_t products = weights.bits == 32 ? config.layers * products_per_layer + 1 : 0;
  return kTokens * (kHeapRequestsPerToken + products * kHeapRequestsPerOnednnProduct);
}

struct Requests {
  std::int64_t heap, pool;
};

Requests requests_of_decoding(Gpt& model, KvFormat kv) {
  KvCache cache(model.config(), 1, kv);
  ForwardOptions options;
  options.cache = &cache;
  options.last_only = true;
  const std::vector<std::int32_t> id = {1};
  const auto decode = [&](int tokens) {
    for (int i = 0; i < tokens; ++i) {
      model.forward(Tensor::from(id, {1, 1}), options);
    }
  };
  decode(kWarmUp);
  const Requests before = {heap_requests, cpu::memory_misses()};
  decode(kTokens);
  return {heap_requests - before.heap, cpu::memory_misses() - before.pool};
}

TEST(DecodeAllocation, NothingPerToken) {
  for (const GptConfig& config : {wide(tiny_gpt2()), wide(tiny_llama())}) {
    for (const Weights& weights : kWeights) {
      Gpt model(config);
      fill_randomly(model, 1, 0.05F);
      if (weights.bits != 32) {
        quantize(model, weights);
      }
      for (const KvFormat kv : {KvFormat::f32, KvFormat::int8}) {
        SCOPED_TRACE(fmt::format("{} {}, kv {}", enum_name(config.architecture), weights.name, enum_name(kv)));
        const Requests requests = requests_of_decoding(model, kv);
        EXPECT_EQ(requests.pool, 0);
        EXPECT_LE(requests.heap, allowed_heap_requests(config, weights));
      }
    }
  }
}

}  // namespace
}  // namespace octet::decode_allocation_test
