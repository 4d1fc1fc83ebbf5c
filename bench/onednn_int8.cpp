#include "bench/onednn_int8.h"

#ifdef OCTET_HAS_ONEDNN
#include <algorithm>
#include <dnnl.hpp>
#include <memory>
#include <unordered_map>
#include <vector>

#include "eval/speed/interleave.h"
#endif

namespace octet::bench {

#ifdef OCTET_HAS_ONEDNN
namespace {

using dnnl::memory;

struct Sizes {
  std::int64_t m, n, k, copies;
};

/// Bytes 0 .. 126: the same as signed and as unsigned ones.
void fill(void* memory, std::size_t count) {
  auto* bytes = static_cast<std::uint8_t*>(memory);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 31 % 127);
  }
}

class Matmul {
 public:
  Matmul(memory::data_type activations, const Sizes& size) {
    dnnl::primitive_attr attributes;
    attributes.set_output_scales(1 << 1, std::vector<float>(static_cast<std::size_t>(size.n), 0.01F));
    const memory::desc x({size.m, size.k}, activations, memory::format_tag::ab);
    const memory::desc weights({size.k, size.n}, memory::data_type::s8, memory::format_tag::any);
    const memory::desc y({size.m, size.n}, memory::data_type::f32, memory::format_tag::ab);
    const dnnl::matmul::primitive_desc description({x, weights, y}, attributes, engine_);
    matmul_ = dnnl::matmul(description);
    x_ = filled(x);
    y_ = memory(y, engine_);
    memory plain = filled({{size.k, size.n}, memory::data_type::s8, memory::format_tag::ba});
    for (std::int64_t copy = 0; copy < size.copies; ++copy) {
      weights_.emplace_back(description.weights_desc(), engine_);
      dnnl::reorder(plain, weights_.back()).execute(stream_, plain, weights_.back());
    }
    stream_.wait();
  }

  void run() {
    next_ = (next_ + 1) % weights_.size();
    matmul_.execute(stream_, {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, weights_[next_]}, {DNNL_ARG_DST, y_}});
    stream_.wait();
  }

 private:
  memory filled(const memory::desc& description) {
    memory result(description, engine_);
    fill(result.get_data_handle(), description.get_size());
    return result;
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::matmul matmul_;
  memory x_, y_;
  std::vector<memory> weights_;
  std::size_t next_ = 0;
};

class Gemm {
 public:
  explicit Gemm(const Sizes& size)
      : size_(size),
        x_(count(size.m * size.k)),
        w_(count(size.n * size.k * size.copies)),
        sums_(count(size.m * size.n)),
        y_(sums_.size()) {
    fill(x_.data(), x_.size());
    fill(w_.data(), w_.size());
  }

  void run() {
    next_ = (next_ + 1) % size_.copies;
    const std::int32_t no_offset = 0;
    dnnl_gemm_u8s8s32('N', 'T', 'F', size_.m, size_.n, size_.k, 1.0F, x_.data(), size_.k, 0,
                      w_.data() + next_ * size_.n * size_.k, size_.k, 0, 0.0F, sums_.data(), size_.n, &no_offset);
#pragma omp parallel for schedule(static) if (size_.m > 1)
    for (std::int64_t m = 0; m < size_.m; ++m) {
      for (std::int64_t n = m * size_.n; n < (m + 1) * size_.n; ++n) {
        y_.data()[n] = static_cast<float>(sums_.data()[n]) * 0.01F;
      }
    }
  }

 private:
  static std::size_t count(std::int64_t value) {
    return static_cast<std::size_t>(value);
  }

  Sizes size_;
  std::vector<std::uint8_t> x_;
  std::vector<std::int8_t> w_;
  std::vector<std::int32_t> sums_;
  std::vector<float> y_;
  std::int64_t next_ = 0;
};

enum class Variant { matmul_unsigned, matmul_signed, gemm };

std::function<void()> make(Variant variant, const Sizes& size) {
  if (variant == Variant::gemm) {
    return [gemm = std::make_shared<Gemm>(size)] { gemm->run(); };
  }
  const auto type = variant == Variant::matmul_signed ? memory::data_type::s8 : memory::data_type::u8;
  return [matmul = std::make_shared<Matmul>(type, size)] { matmul->run(); };
}

Variant fastest(const Sizes& size) {
  constexpr Variant kVariants[] = {Variant::matmul_unsigned, Variant::matmul_signed, Variant::gemm};
  std::vector<std::function<void()>> jobs;
  for (const Variant variant : kVariants) {
    jobs.push_back(make(variant, size));
  }
  const std::vector<Timing> timings = time_interleaved(jobs, 2, 9);
  const auto best = std::min_element(timings.begin(), timings.end(),
                                     [](const Timing& a, const Timing& b) { return a.median < b.median; });
  return kVariants[best - timings.begin()];
}

}  // namespace

std::function<void()> onednn_int8_product(std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t copies) {
  // With several copies the trial has some, too: the order of speeds may be another one out of the cache.
  return make(fastest({m, n, k, std::min<std::int64_t>(copies, 50)}), {m, n, k, copies});
}
#else
std::function<void()> onednn_int8_product(std::int64_t, std::int64_t, std::int64_t, std::int64_t) {
  return {};
}
#endif

}  // namespace octet::bench
