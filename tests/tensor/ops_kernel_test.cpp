#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"
#include "tensor/autograd/node.h"
#include "tensor/backend.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/attention.h"
#include "tensor/ops/cross_entropy.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/matmul.h"
#include "tensor/ops/norm.h"
#include "tensor/ops/rope.h"
#include "tensor/ops/softmax.h"
#include "tensor/ops/view.h"
#include "tests/support/random_tensor.h"
#include "tests/support/relative_error.h"

// Forward results of every backend against scalar loops in double.

namespace octet {
namespace {

using Doubles = std::vector<double>;

// Relative to the largest magnitude of the result. FP32 rounds at 6e-8; products of K terms add up to about sqrt(K) of
// that. Measured over all cases and backends: 4e-7 at most (products, K = 300), 3e-7 for the exponentials.
constexpr double kBound = 2e-6;

void expect_near(const Tensor& actual, const Doubles& expected, double bound = kBound) {
  expect_within(actual, expected, bound);
}

double at(const Tensor& x, std::int64_t i) {
  return static_cast<double>(x.data<float>()[i]);
}

class OpKernel : public testing::TestWithParam<const Backend*> {
 protected:
  void SetUp() override { set_active_backend(*GetParam()); }
  void TearDown() override { set_active_backend(*original_); }
  const Backend* original_ = &active_backend();
};

TEST_P(OpKernel, Linear) {
  const std::vector<std::array<std::int64_t, 3>> shapes = {
      {1, 1, 1},    {1, 17, 300}, {5, 3, 2},    {67, 65, 130},
      {130, 1, 33}, {3, 129, 1},  {530, 33, 40}};  // many rows: cut into blocks
  for (const auto& [m, n, k] : shapes) {
    SCOPED_TRACE(fmt::format("M {} N {} K {}", m, n, k));
    const Tensor x = random_tensor({m, k}, 1), w = random_tensor({n, k}, 2), b = random_tensor({n}, 3);
    Doubles expected;
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        double sum = at(b, j);
        for (std::int64_t l = 0; l < k; ++l) {
          sum += at(x, i * k + l) * at(w, j * k + l);
        }
        expected.push_back(sum);
      }
    }
    expect_near(linear(x, w, b), expected);
  }
}

// dx = dy W and dW = dy^T x. Many rows go block by block, on several threads with sums of their own; a wide matrix has
// its weight gradient cut along the rows of x. The sums over rows are long, hence a bound of their own.
TEST_P(OpKernel, LinearGradientsOfManyRows) {
  constexpr double kLongSums = 1e-5;
  const std::vector<std::array<std::int64_t, 3>> shapes = {{1100, 40, 24}, {2201, 17, 33}, {700, 130, 31}};
  for (const auto& [m, n, k] : shapes) {
    for (const bool needs_dx : {true, false}) {
      SCOPED_TRACE(fmt::format("M {} N {} K {} dx {}", m, n, k, needs_dx));
      Tensor x = random_tensor({m, k}, 1), w = random_tensor({n, k}, 2);
      const Tensor dy = random_tensor({m, n}, 3);
      x.set_requires_grad(needs_dx);
      w.set_requires_grad(true);
      backward(linear(x, w), dy);
      Doubles dx(static_cast<std::size_t>(m * k)), dw(static_cast<std::size_t>(n * k));
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          for (std::int64_t l = 0; l < k; ++l) {
            dx[static_cast<std::size_t>(i * k + l)] += at(dy, i * n + j) * at(w, j * k + l);
            dw[static_cast<std::size_t>(j * k + l)] += at(dy, i * n + j) * at(x, i * k + l);
          }
        }
      }
      expect_near(w.grad(), dw, kLongSums);
      if (needs_dx) {
        expect_near(x.grad(), dx, kLongSums);
      }
    }
  }
}

TEST_P(OpKernel, MatmulWithEveryTransposition) {
  const std::int64_t batch = 3, m = 7, n = 70, k = 131;
  const Tensor a = random_tensor({batch, m, k}, 1), b = random_tensor({batch, k, n}, 2);
  Doubles expected;
  for (std::int64_t s = 0; s < batch; ++s) {
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::int64_t l = 0; l < k; ++l) {
          sum += at(a, (s * m + i) * k + l) * at(b, (s * k + l) * n + j);
        }
        expected.push_back(sum);
      }
    }
  }
  const Tensor at_ = contiguous(transpose(a, 1, 2)), bt = contiguous(transpose(b, 1, 2));
  expect_near(matmul(a, b), expected);
  expect_near(matmul(at_, b, true, false), expected);
  expect_near(matmul(a, bt, false, true), expected);
  expect_near(matmul(at_, bt, true, true), expected);
}

TEST_P(OpKernel, Activations) {
  Tensor x = random_tensor({1031}, 1);
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    x.data<float>()[i] *= 4.0F;
  }
  const Tensor up = random_tensor({1031}, 2);
  Doubles gelus, silus, swiglus;
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    const double v = at(x, i), s = v / (1 + std::exp(-v));
    gelus.push_back(0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v))));
    silus.push_back(s);
    swiglus.push_back(s * at(up, i));
  }
  expect_near(gelu(x), gelus);
  expect_near(silu(x), silus);
  expect_near(swiglu(x, up), swiglus);
}

TEST_P(OpKernel, ActivationsOfExtremeValues) {
  const Tensor x = Tensor::from(std::vector<float>{-1e30F, -200, -89, 0, 89, 200, 1e30F}, {7});
  EXPECT_EQ(silu(x).to_vector(), std::vector<float>({0, 0, 0, 0, 89, 200, 1e30F}));
  EXPECT_EQ(gelu(x).to_vector(), std::vector<float>({0, 0, 0, 0, 89, 200, 1e30F}));
  EXPECT_TRUE(std::isnan(silu(Tensor::full({1}, NAN)).item()));
  EXPECT_TRUE(std::isnan(gelu(Tensor::full({1}, NAN)).item()));
}

TEST_P(OpKernel, Norms) {
  for (const std::int64_t columns : {1, 5, 31, 64, 200}) {
    SCOPED_TRACE(columns);
    const std::int64_t rows = 9;
    const Tensor x = random_tensor({rows, columns}, 1), gain = random_tensor({columns}, 2),
                 bias = random_tensor({columns}, 3);
    Doubles layer, rms;
    for (std::int64_t r = 0; r < rows; ++r) {
      double mean = 0, squares = 0, variance = 0;
      for (std::int64_t c = 0; c < columns; ++c) {
        mean += at(x, r * columns + c) / static_cast<double>(columns);
        squares += std::pow(at(x, r * columns + c), 2) / static_cast<double>(columns);
      }
      for (std::int64_t c = 0; c < columns; ++c) {
        variance += std::pow(at(x, r * columns + c) - mean, 2) / static_cast<double>(columns);
      }
      for (std::int64_t c = 0; c < columns; ++c) {
        layer.push_back((at(x, r * columns + c) - mean) / std::sqrt(variance + 1e-5) * at(gain, c) + at(bias, c));
        rms.push_back(at(x, r * columns + c) / std::sqrt(squares + 1e-5) * at(gain, c));
      }
    }
    expect_near(layer_norm(x, gain, bias), layer);
    expect_near(rms_norm(x, gain), rms);
  }
}

TEST_P(OpKernel, SoftmaxAndCrossEntropy) {
  const std::int64_t rows = 7, columns = 301;
  Tensor x = random_tensor({rows, columns}, 1);
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    x.data<float>()[i] = x.data<float>()[i] * 10.0F + 500.0F;  // exp(500) would overflow
  }
  const Tensor targets = Tensor::from(std::vector<std::int32_t>{0, 300, 5, 17, 100, 299, 1}, {rows});
  Doubles probabilities, losses;
  for (std::int64_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (std::int64_t c = 0; c < columns; ++c) {
      sum += std::exp(at(x, r * columns + c) - 500.0);
    }
    for (std::int64_t c = 0; c < columns; ++c) {
      probabilities.push_back(std::exp(at(x, r * columns + c) - 500.0) / sum);
    }
    losses.push_back(std::log(sum) + 500.0 - at(x, r * columns + targets.data<std::int32_t>()[r]));
  }
  expect_near(softmax(x), probabilities);
  expect_near(token_nll(x, targets), losses);
}

// softmax(q k^T / sqrt(D)) v over the visible keys, by the definition; clipped where gamma is below 0.
Doubles attention_reference(const Tensor& qkv, const HeadLayout& layout, double gamma = 0) {
  const std::int64_t time = qkv.dim(1), width = layout.width(), d = layout.head_dim;
  Doubles y;
  for (std::int64_t b = 0; b < qkv.dim(0); ++b) {
    for (std::int64_t t = 0; t < time; ++t) {
      for (std::int64_t h = 0; h < layout.heads; ++h) {
        const std::int64_t kv = h / (layout.heads / layout.kv_heads);
        const std::int64_t q = (b * time + t) * width + h * d;
        Doubles weights;
        double sum = 0;
        for (std::int64_t s = 0; s <= t; ++s) {
          const std::int64_t k = (b * time + s) * width + layout.query_width() + kv * d;
          double dot = 0;
          for (std::int64_t i = 0; i < d; ++i) {
            dot += at(qkv, q + i) * at(qkv, k + i);
          }
          weights.push_back(std::exp(dot / std::sqrt(static_cast<double>(d))));
          sum += weights.back();
        }
        for (double& weight : weights) {
          weight = std::clamp((1 - gamma) * weight / sum + gamma, 0.0, 1.0);
        }
        for (std::int64_t i = 0; i < d; ++i) {
          double value = 0;
          for (std::int64_t s = 0; s <= t; ++s) {
            const std::int64_t v = (b * time + s) * width + layout.query_width() + layout.kv_width() + kv * d;
            value += weights[static_cast<std::size_t>(s)] * at(qkv, v + i);
          }
          y.push_back(value);
        }
      }
    }
  }
  return y;
}

struct AttentionCase {
  std::int64_t batch, time;
  HeadLayout layout;
};
const std::vector<AttentionCase> kAttentionCases = {
    {1, 1, {1, 1, 1}}, {2, 5, {2, 2, 3}}, {1, 64, {2, 1, 4}}, {1, 65, {4, 2, 8}}, {2, 130, {3, 3, 5}}};

TEST_P(OpKernel, CausalAttention) {
  for (const auto& [batch, time, layout] : kAttentionCases) {
    SCOPED_TRACE(fmt::format("B {} T {} H {} of {} D {}", batch, time, layout.heads, layout.kv_heads, layout.head_dim));
    const Tensor qkv = random_tensor({batch, time, layout.width()}, 1);
    expect_near(causal_attention(qkv, layout), attention_reference(qkv, layout));
  }
}

TEST_P(OpKernel, ClippedAttention) {
  for (const float gamma : {-1e-3F, -0.03F, -0.7F}) {
    for (const auto& [batch, time, layout] : kAttentionCases) {
      SCOPED_TRACE(fmt::format("gamma {} B {} T {} H {} of {} D {}", gamma, batch, time, layout.heads, layout.kv_heads,
                               layout.head_dim));
      const Tensor qkv = random_tensor({batch, time, layout.width()}, 1);
      expect_near(causal_attention(qkv, layout, gamma), attention_reference(qkv, layout, gamma));
    }
  }
}

// Values that are unit vectors show the weights. Gamma takes probabilities of up to 0.2 to 0: from the sixth position
// on keys that are all alike get nothing.
TEST_P(OpKernel, ClippedWeightsAreExactlyZero) {
  constexpr std::int64_t kTime = 8;
  constexpr float kGamma = -0.25F;
  const HeadLayout layout = {1, 1, kTime};
  Tensor qkv = Tensor::zeros({1, kTime, layout.width()});  // all scores are 0
  for (std::int64_t t = 0; t < kTime; ++t) {
    qkv.data<float>()[t * layout.width() + 2 * kTime + t] = 1.0F;
  }
  const Tensor weights = causal_attention(qkv, layout, kGamma);
  for (std::int64_t t = 0; t < kTime; ++t) {
    for (std::int64_t key = 0; key < kTime; ++key) {
      const float weight = weights.data<float>()[t * kTime + key];
      const double expected = key > t ? 0.0 : 1.25 / static_cast<double>(t + 1) - 0.25;  // 0 at t = 4
      if (key > t || t > 4) {
        EXPECT_EQ(weight, 0.0F) << t << ", " << key;
      } else {
        EXPECT_NEAR(weight, expected, kBound) << t << ", " << key;
      }
    }
  }
}

TEST_P(OpKernel, NanInAKeyIsNotClipped) {
  const HeadLayout layout = {1, 1, 2};
  Tensor qkv = random_tensor({1, 3, layout.width()}, 1);
  qkv.data<float>()[layout.width() + 2] = std::nanf("");  // the second key
  const Tensor y = causal_attention(qkv, layout, -0.1F);
  EXPECT_FALSE(std::isnan(y.data<float>()[0]));
  EXPECT_TRUE(std::isnan(y.data<float>()[2]));
  EXPECT_TRUE(std::isnan(y.data<float>()[4]));
}

TEST_P(OpKernel, RopeRotatesPairsByTheirAngle) {
  const HeadLayout layout = {2, 1, 6};
  const std::int64_t time = 3, first = 40;
  const Tensor qkv = random_tensor({1, time, layout.width()}, 1);
  Doubles expected;
  for (std::int64_t t = 0; t < time; ++t) {
    for (std::int64_t c = 0; c < layout.width(); ++c) {
      const std::int64_t head = c / 6 * 6, i = c % 6 % 3;
      const double angle = static_cast<double>(first + t) * std::pow(10000.0, -2.0 * static_cast<double>(i) / 6.0);
      const double a = at(qkv, t * layout.width() + head + i), b = at(qkv, t * layout.width() + head + 3 + i);
      const bool rotated = c < layout.query_width() + layout.kv_width(), is_first = c % 6 < 3;
      expected.push_back(!rotated   ? at(qkv, t * layout.width() + c)
                         : is_first ? a * std::cos(angle) - b * std::sin(angle)
                                    : b * std::cos(angle) + a * std::sin(angle));
    }
  }
  expect_near(rope(qkv, layout, 10000.0F, first), expected);
}

INSTANTIATE_TEST_SUITE_P(Backends, OpKernel, testing::ValuesIn(available_backends()), [](const auto& test) {
  std::string name(test.param->name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace octet
