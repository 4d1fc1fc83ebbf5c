#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parallel.h"
#include "base/random.h"
#include "tensor/backend.h"
#include "tensor/ops/cached_attention.h"
#include "tensor/ops/rope.h"
#include "tensor/ops/view.h"
#include "tests/support/random_tensor.h"
#include "tests/support/relative_error.h"

// Attention with a cache, of every backend, against scalar loops in double.

namespace octet::cached_attention_kernel_test {
namespace {

using testing::HasSubstr;
using testing::Property;
using testing::Throws;
using Doubles = std::vector<double>;

// Relative to the largest magnitude of the result. Measured at most 7.2e-7 over all cases, formats and backends.
constexpr double kBound = 2e-6;
// A clipped weight is what is left of a probability when the share of a key is taken off, so the same rounding is more
// of a smaller result. Measured at most 2.1e-6, on 1041 positions under the sanitizers, whose kernels add in another
// order.
constexpr double kClippedBound = 6e-6;

/// What a cache makes of a key or value: int8 codes of one scale.
Doubles stored(const float* x, std::int64_t count, KvFormat format) {
  Doubles result(x, x + count);
  if (format == KvFormat::int8) {
    float largest = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      largest = std::max(largest, std::fabs(x[i]));
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const float code = largest == 0 ? 0.0F : std::nearbyint(x[i] * (127.0F / largest));
      result[static_cast<std::size_t>(i)] = static_cast<double>(code) * static_cast<double>(largest / 127.0F);
    }
  }
  return result;
}

double dot(const float* q, const Doubles& k) {
  double sum = 0;
  for (std::size_t i = 0; i < k.size(); ++i) {
    sum += static_cast<double>(q[i]) * k[i];
  }
  return sum;
}

/// softmax(q k^T / sqrt(D)) v of one query over the visible positions, by the definition; clipped where gamma is below
/// 0. Keys and values are columns of qkv (T, width) of one sequence.
Doubles attend(const float* query, const float* keys, const float* values, std::int64_t width, std::int64_t visible,
               std::int64_t dim, KvFormat format, double gamma) {
  Doubles y(static_cast<std::size_t>(dim), 0.0), weights;
  double sum = 0;
  for (std::int64_t s = 0; s < visible; ++s) {
    const double score = dot(query, stored(keys + s * width, dim, format)) / std::sqrt(static_cast<double>(dim));
    weights.push_back(std::exp(score));
    sum += weights.back();
  }
  for (std::int64_t s = 0; s < visible; ++s) {
    const Doubles value = stored(values + s * width, dim, format);
    const double weight = std::max((1 - gamma) * weights[static_cast<std::size_t>(s)] / sum + gamma, 0.0);
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] += weight * value[i];
    }
  }
  return y;
}

/// Of the positions [from, T).
Doubles reference(const Tensor& qkv, const HeadLayout& layout, std::int64_t from, KvFormat format, double gamma = 0) {
  Doubles y;
  for (std::int64_t b = 0; b < qkv.dim(0); ++b) {
    const float* sequence = qkv.data<float>() + b * qkv.dim(1) * layout.width();
    for (std::int64_t t = from; t < qkv.dim(1); ++t) {
      for (std::int64_t h = 0; h < layout.heads; ++h) {
        const std::int64_t head = h / (layout.heads / layout.kv_heads);
        const float* keys = sequence + layout.query_width() + head * layout.head_dim;
        const Doubles part = attend(sequence + t * layout.width() + h * layout.head_dim, keys, keys + layout.kv_width(),
                                    layout.width(), t + 1, layout.head_dim, format, gamma);
        y.insert(y.end(), part.begin(), part.end());
      }
    }
  }
  return y;
}

void expect_near(const Tensor& actual, const Doubles& expected, double bound = kBound) {
  expect_within(actual, expected, bound);
}

Tensor positions(const Tensor& qkv, std::int64_t begin, std::int64_t end) {
  return contiguous(slice(qkv, 1, begin, end));
}

struct Case {
  std::int64_t batch, past, time;
  HeadLayout layout;
};
// `past` and `time` around the sizes of panels (64), ranges (256) and of the choice between the two kernels (8).
const std::vector<Case> kCases = {{1, 0, 1, {1, 1, 1}},    {1, 1, 1, {1, 1, 3}},    {2, 63, 1, {2, 2, 5}},
                                  {3, 64, 2, {4, 2, 8}},   {1, 70, 3, {6, 1, 17}},  {2, 255, 1, {4, 4, 16}},
                                  {1, 256, 1, {4, 2, 64}}, {1, 254, 5, {2, 1, 33}}, {1, 0, 7, {3, 3, 20}},
                                  {2, 0, 8, {4, 2, 12}},   {1, 60, 70, {2, 1, 31}}, {2, 700, 1, {8, 2, 48}},
                                  {1, 520, 9, {2, 2, 7}},  {1, 600, 4, {2, 1, 80}}, {1, 1040, 1, {12, 12, 64}}};

class CachedAttention : public testing::TestWithParam<std::tuple<const Backend*, KvFormat>> {
 protected:
  void SetUp() override { set_active_backend(*std::get<0>(GetParam())); }
  void TearDown() override {
    set_active_backend(*original_);
    set_thread_count(threads_);
  }
  KvFormat format() const { return std::get<1>(GetParam()); }
  KvLayer layer(const Case& test) const {
    return {test.batch, test.layout.kv_heads, test.past + test.time, test.layout.head_dim, format()};
  }

 private:
  const Backend* original_ = &active_backend();
  int threads_ = thread_count();
};

TEST_P(CachedAttention, EqualsTheDefinition) {
  for (const Case& test : kCases) {
    SCOPED_TRACE(fmt::format("B {} past {} T {} H {} of {} D {}", test.batch, test.past, test.time, test.layout.heads,
                             test.layout.kv_heads, test.layout.head_dim));
    const std::int64_t end = test.past + test.time;
    const Tensor qkv = random_tensor({test.batch, end, test.layout.width()}, 1);
    const KvLayer cache = layer(test);
    if (test.past > 0) {
      cached_attention(positions(qkv, 0, test.past), test.layout, cache, 0);
    }
    expect_near(cached_attention(positions(qkv, test.past, end), test.layout, cache, test.past),
                reference(qkv, test.layout, test.past, format()));
  }
}

// With gamma = -1 / T the keys that get less than their share get nothing. At T = 1 nothing is clipped.
TEST_P(CachedAttention, ClippedEqualsTheDefinition) {
  for (const Case& test : kCases) {
    SCOPED_TRACE(fmt::format("B {} past {} T {} H {} of {} D {}", test.batch, test.past, test.time, test.layout.heads,
                             test.layout.kv_heads, test.layout.head_dim));
    const std::int64_t end = test.past + test.time;
    const float gamma = -1.0F / static_cast<float>(end);
    const Tensor qkv = random_tensor({test.batch, end, test.layout.width()}, 1);
    const KvLayer cache = layer(test);
    if (test.past > 0) {
      cached_attention(positions(qkv, 0, test.past), test.layout, cache, 0, {}, gamma);
    }
    expect_near(cached_attention(positions(qkv, test.past, end), test.layout, cache, test.past, {}, gamma),
                reference(qkv, test.layout, test.past, format(), gamma), kClippedBound);
  }
}

// To the bit, since the same kernel rotates: with few new positions and with many.
TEST_P(CachedAttention, RotatesFirstAsRopeDoes) {
  const HeadLayout layout = {4, 2, 10};
  const Tensor qkv = random_tensor({2, 75, layout.width()}, 2), turned = rope(qkv, layout, 100.0F);
  const KvLayer rotating = layer({2, 0, 75, layout}), cache = layer({2, 0, 75, layout});
  for (const auto& [begin, end] : {std::pair{0, 1}, {1, 4}, {4, 70}, {70, 75}}) {
    EXPECT_EQ(cached_attention(positions(qkv, begin, end), layout, rotating, begin, 100.0F).to_vector(),
              cached_attention(positions(turned, begin, end), layout, cache, begin).to_vector());
  }
}

TEST_P(CachedAttention, OneByOneEqualsAllAtOnce) {
  const HeadLayout layout = {4, 2, 10};
  const Case test = {2, 0, 140, layout};
  const Tensor qkv = random_tensor({2, 140, layout.width()}, 2);
  const KvLayer at_once = layer(test), cache = layer(test);
  const std::vector<float> expected = cached_attention(qkv, layout, at_once, 0).to_vector();
  for (std::int64_t t = 0; t < 140; ++t) {
    const Tensor y = cached_attention(positions(qkv, t, t + 1), layout, cache, t);
    for (std::int64_t b = 0; b < 2; ++b) {
      for (std::int64_t c = 0; c < layout.query_width(); ++c) {
        ASSERT_NEAR(y.data<float>()[b * layout.query_width() + c],
                    expected[static_cast<std::size_t>((b * 140 + t) * layout.query_width() + c)], kBound)
            << "position " << t;
      }
    }
  }
}

TEST_P(CachedAttention, TheNumberOfThreadsChangesNothing) {
  const Case test = {1, 1100, 1, {3, 3, 24}};
  const Tensor qkv = random_tensor({1, 1101, test.layout.width()}, 3);
  const KvLayer cache = layer(test);
  cached_attention(positions(qkv, 0, 1100), test.layout, cache, 0);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    results.push_back(cached_attention(positions(qkv, 1100, 1101), test.layout, cache, 1100).to_vector());
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST_P(CachedAttention, NanInAKeyReachesEveryQueryThatSeesIt) {
  const HeadLayout layout = {2, 2, 4};  // the first head gets the NaN
  const KvLayer cache = layer({1, 0, 2, layout});
  Tensor qkv = random_tensor({1, 1, layout.width()}, 4);
  qkv.data<float>()[layout.query_width()] = std::nanf("");
  const Tensor y = cached_attention(qkv, layout, cache, 0);
  EXPECT_TRUE(std::isnan(y.data<float>()[0]));
  EXPECT_FALSE(std::isnan(y.data<float>()[4]));
}

TEST_P(CachedAttention, ZerosStayZeros) {
  const HeadLayout layout = {1, 1, 4};
  const KvLayer cache = layer({1, 0, 1, layout});
  EXPECT_EQ(cached_attention(Tensor::zeros({1, 1, 12}), layout, cache, 0).to_vector(), std::vector<float>(4, 0.0F));
}

INSTANTIATE_TEST_SUITE_P(Backends, CachedAttention,
                         testing::Combine(testing::ValuesIn(available_backends()),
                                          testing::Values(KvFormat::f32, KvFormat::int8)),
                         [](const auto& test) {
                           std::string name(std::get<0>(test.param)->name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + (std::get<1>(test.param) == KvFormat::f32 ? "_f32" : "_int8");
                         });

TEST(CachedAttentionErrors, NameWhatWasExpected) {
  const HeadLayout layout = {2, 1, 4};
  const KvLayer cache(1, 1, 3, 4, KvFormat::f32);
  const Tensor qkv = Tensor::zeros({1, 2, layout.width()});
  EXPECT_THAT(
      [&] { cached_attention(qkv, layout, cache, 2); },
      Throws<Error>(Property(&Error::what, HasSubstr("expected room for 2 positions in the cache, it holds 2 of 3"))));
  const KvLayer other(2, 1, 3, 4, KvFormat::f32);
  EXPECT_THAT(
      [&] { cached_attention(qkv, layout, other, 0); },
      Throws<Error>(Property(&Error::what, HasSubstr("expected a cache of 1 sequences with 1 heads of 4, got 2"))));
}

TEST(KvLayer, CountsItsBytes) {
  // 3 sequences, 2 heads, 70 positions rounded up to 128, 5 columns; keys and values.
  EXPECT_EQ(KvLayer(3, 2, 70, 5, KvFormat::f32).bytes(), 2 * 3 * 2 * 128 * 5 * 4);
  EXPECT_EQ(KvLayer(3, 2, 70, 5, KvFormat::int8).bytes(), 2 * 3 * 2 * 128 * (5 + 4));
}

}  // namespace
}  // namespace octet::cached_attention_kernel_test
