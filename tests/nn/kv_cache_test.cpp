#include "nn/layers/kv_cache.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/ops/view.h"
#include "tests/support/tiny_gpt.h"

namespace octet {
namespace {

using testing::HasSubstr;
using testing::Property;
using testing::Throws;

// Measured at most 1.6e-6 on logits of size 5: the cached path sums the same products in another order.
constexpr float kCacheError = 1e-5F;

class CachedGpt : public testing::TestWithParam<std::vector<std::int64_t>> {};

INSTANTIATE_TEST_SUITE_P(Pieces, CachedGpt,
                         testing::Values(std::vector<std::int64_t>{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
                                         std::vector<std::int64_t>{6, 1, 1, 1, 1, 1},
                                         std::vector<std::int64_t>{3, 5, 3}, std::vector<std::int64_t>{11}));

TEST_P(CachedGpt, EqualsTheFullForward) {
  for (const GptConfig& config :
       {tiny_gpt2(), tiny_llama(), with_head_options(tiny_gpt2()), with_head_options(tiny_llama()),
        with_clipped_softmax(tiny_gpt2()), with_clipped_softmax(tiny_llama())}) {
    SCOPED_TRACE(enum_name(config.architecture));
    Gpt model(config);
    fill_randomly(model, 3);
    const Tensor ids = random_ids(2, config.context, config.vocabulary, 1);
    const Tensor full = model.forward(ids);

    KvCache cache(config, 2);
    ForwardOptions options;
    options.cache = &cache;
    std::int64_t past = 0;
    for (const std::int64_t piece : GetParam()) {
      const Tensor logits = model.forward(contiguous(slice(ids, 1, past, past + piece)), options);
      const std::vector<float> expected = slice(full, 1, past, past + piece).to_vector();
      EXPECT_THAT(logits.to_vector(), testing::Pointwise(testing::FloatNear(kCacheError), expected)) << "past " << past;
      EXPECT_FALSE(logits.requires_grad());
      past += piece;
      EXPECT_EQ(cache.length(), past);
    }
  }
}

// Relative to the largest logit: measured 0.0040 (GPT-2 shape) and 0.0112 (Llama shape).
constexpr float kInt8CacheError = 0.03F;
// The same text in other pieces, measured 7e-7: the same codes, summed in another order.
constexpr float kInt8CutError = 1e-5F;

TEST(KvCache, Int8ChangesLogitsLittleAndAlikeHoweverTheTextIsCut) {
  for (const GptConfig& config : {tiny_gpt2(), tiny_llama(), with_clipped_softmax(tiny_llama())}) {
    SCOPED_TRACE(enum_name(config.architecture));
    Gpt model(config);
    fill_randomly(model, 3);
    const Tensor ids = random_ids(2, config.context, config.vocabulary, 1);
    const std::vector<float> exact = model.forward(ids).to_vector();
    KvCache at_once(config, 2, KvFormat::int8), one_by_one(config, 2, KvFormat::int8);
    ForwardOptions options;
    options.cache = &at_once;
    const Tensor rounded = model.forward(ids, options);

    float largest = 0, error = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      largest = std::max(largest, std::fabs(exact[i]));
      error = std::max(error, std::fabs(exact[i] - rounded.span<float>()[i]));
    }
    EXPECT_LT(error, kInt8CacheError * largest);
    EXPECT_GT(error, kCacheError) << "nothing was rounded";

    options.cache = &one_by_one;
    for (std::int64_t t = 0; t < config.context; ++t) {
      const Tensor logits = model.forward(contiguous(slice(ids, 1, t, t + 1)), options);
      EXPECT_THAT(logits.to_vector(), testing::Pointwise(testing::FloatNear(kInt8CutError * largest),
                                                         slice(rounded, 1, t, t + 1).to_vector()));
    }
  }
}

TEST(KvCache, CountsItsBytes) {
  const GptConfig config = tiny_llama();
  for (const KvFormat format : {KvFormat::f32, KvFormat::int8}) {
    const KvCache cache(config, 3, format);
    EXPECT_EQ(cache.format(), format);
    EXPECT_EQ(cache.bytes(), 3 * 64 * kv_bytes_per_position(config, format));  // 11 positions rounded up to a panel
  }
}

TEST(KvCache, ResetStartsAnew) {
  Gpt model(tiny_llama());
  fill_randomly(model, 3);
  KvCache cache(model.config());
  ForwardOptions options;
  options.cache = &cache;
  const Tensor ids = random_ids(1, 5, 23, 1);
  const std::vector<float> first = model.forward(ids, options).to_vector();
  model.forward(ids, options);
  cache.reset();
  EXPECT_EQ(model.forward(ids, options).to_vector(), first);
}

TEST(KvCache, RefusesMoreThanTheContext) {
  Gpt model(tiny_gpt2());
  KvCache cache(model.config());
  ForwardOptions options;
  options.cache = &cache;
  model.forward(random_ids(1, 8, 23, 1), options);
  EXPECT_THAT(
      [&] { model.forward(random_ids(1, 4, 23, 1), options); },
      Throws<Error>(Property(&Error::what, HasSubstr("expected at most 11 positions (the context), got 8 + 4"))));
  EXPECT_EQ(cache.length(), 8);
  EXPECT_THAT([&] { model.forward(random_ids(2, 1, 23, 1), options); },
              Throws<Error>(Property(&Error::what, HasSubstr("expected 1 sequences as in the cache, got 2"))));
}

}  // namespace
}  // namespace octet
