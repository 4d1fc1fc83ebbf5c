#include "nn/kv_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/ops/view.h"
#include "tests/nn/tiny_gpt.h"

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
  for (const GptConfig& config : {tiny_gpt2(), tiny_llama()}) {
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
