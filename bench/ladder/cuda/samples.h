#pragma once

#include <vector>

#include "base/random.h"
#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/backend.h"
#include "tensor/tensor.h"

// The steps by name, and operands for them in GPU memory: for the program and for tests.

namespace octet::cuda::ladder {

struct VectorStep {
  const char* name;
  void (*run)(const VectorArgs&);
};
inline constexpr VectorStep kVectorSteps[] = {{"1 naive", vector_naive},
                                              {"2 coalesced", vector_coalesced},
                                              {"3 16 bytes a lane", vector_wide},
                                              {"4 dp4a", vector_dp4a},
                                              {"5 four loads under way", vector_in_flight}};

struct AttentionStep {
  const char* name;
  void (*run)(const AttentionArgs&);
};
inline constexpr AttentionStep kAttentionSteps[] = {{"1 naive", attention_naive},
                                                    {"2 online softmax", attention_online},
                                                    {"3 tiles in shared memory", attention_shared},
                                                    {"4 8 x 8 sums in registers", attention_registers}};

/// Random codes, and a scale for each row of w.
struct VectorSample {
  std::int64_t n, k;
  Tensor x, w, scales, x_scale, corrections, y;

  VectorSample(std::int64_t rows, std::int64_t columns)
      : n(rows),
        k(columns),
        x(random_codes(columns, 1)),
        w(random_codes(rows * columns, 2)),
        scales(Tensor::empty({rows})),
        x_scale(Tensor::full({1}, 0.25F, DeviceKind::cuda)),
        corrections(Tensor::zeros({1}, DType::i32, DeviceKind::cuda)),
        y(Tensor::full({rows}, -1.0F, DeviceKind::cuda)) {
    for (std::int64_t row = 0; row < n; ++row) {
      scales.data<float>()[row] = static_cast<float>(1 + row % 7) * 0x1p-10F;
    }
    scales = scales.to(DeviceKind::cuda);
  }

  VectorArgs args() const {
    return {n, k, x.data<std::int8_t>(), 0.25F, w.data<std::int8_t>(), scales.data<float>(), y.data<float>()};
  }

  /// The kernel that Octet uses, which reads the same rows of codes.
  void run_production(const Tensor& weight) const {
    const CodeRows rows{1, x.data<std::int8_t>(), x_scale.data<float>(), corrections.data<std::int32_t>()};
    PackedCodes codes{};
    codes.n = n;
    codes.layout = code_layout(k, k);
    codes.scales = scales.data<float>();
    codes.format = PackedFormat::int8;
    codes.row_codes = weight.data<std::int8_t>();
    kernels(DeviceKind::cuda)
        .int8_linear({rows, codes, nullptr, Nonlinearity::none, nullptr, nullptr, y.data<float>()});
  }

  static Tensor random_codes(std::int64_t count, std::uint64_t stream) {
    Tensor codes = Tensor::empty({count}, DType::i8);
    const Random random(1, stream);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto code = static_cast<int>(random.below(static_cast<std::uint64_t>(i), 255)) - 127;
      codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(code);
    }
    return codes.to(DeviceKind::cuda);
  }
};

struct AttentionSample {
  std::int64_t heads, time;
  Tensor q, k, v, y, scores;

  AttentionSample(std::int64_t of_heads, std::int64_t of_time)
      : heads(of_heads),
        time(of_time),
        q(random_rows(1)),
        k(random_rows(2)),
        v(random_rows(3)),
        y(Tensor::full({heads, time, kHeadDim}, -1.0F, DeviceKind::cuda)),
        scores(Tensor::empty({heads, time, time}, DType::f32, DeviceKind::cuda)) {}

  AttentionArgs args() const {
    return {heads, time, q.data<float>(), k.data<float>(), v.data<float>(), y.data<float>(), scores.data<float>()};
  }

  /// The kernel that Octet uses; a head of the ladder is a batch of one head to it.
  void run_production() const {
    kernels(DeviceKind::cuda)
        .attention({.batch = heads,
                    .time = time,
                    .past = 0,
                    .heads = 1,
                    .kv_heads = 1,
                    .head_dim = kHeadDim,
                    .q = q.data<float>(),
                    .q_row = kHeadDim,
                    .q_batch = time * kHeadDim,
                    .k = k.data<float>(),
                    .v = v.data<float>(),
                    .kv_row = kHeadDim,
                    .kv_batch = time * kHeadDim,
                    .y = y.data<float>(),
                    .log_sum = nullptr,
                    .scratch = nullptr});
  }

 private:
  Tensor random_rows(std::uint64_t stream) const {
    Tensor x = Tensor::empty({heads, time, kHeadDim});
    const Random random(2, stream);
    for (std::int64_t i = 0; i < x.elements(); ++i) {
      const auto level = static_cast<int>(random.below(static_cast<std::uint64_t>(i), 2001)) - 1000;
      x.data<float>()[i] = static_cast<float>(level) * 2e-3F;
    }
    return x.to(DeviceKind::cuda);
  }
};

}  // namespace octet::cuda::ladder
