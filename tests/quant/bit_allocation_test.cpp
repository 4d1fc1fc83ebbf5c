#include "quant/bit_allocation.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/layers/quantized_layer.h"
#include "nn/token_distribution.h"
#include "quant/apply_recipe.h"
#include "quant/calibrate.h"
#include "quant/fp32_model.h"
#include "tensor/autograd/node.h"
#include "tests/support/tiny_gpt.h"

namespace octet::bit_allocation_test {
namespace {

using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double kSearched = 1e-9;  // bits: 60 halvings of a few hundred

double average(std::span<const BitShare> matrices, std::span<const double> bits) {
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    sum += matrices[i].weights * bits[i];
    weights += matrices[i].weights;
  }
  return sum / weights;
}

double sum_of_divergences(std::span<const BitShare> matrices, std::span<const double> bits, double even) {
  double sum = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    sum += matrices[i].divergence * std::exp2(2 * (even - bits[i]));
  }
  return sum;
}

TEST(ShareBits, FourTimesTheHarmIsOneBit) {
  const std::vector<BitShare> two = {{100, 0.4}, {100, 0.1}};
  EXPECT_THAT(share_bits(two, 3.0), ElementsAre(DoubleNear(3.5, kSearched), DoubleNear(2.5, kSearched)));
  // A third of the weights that do half of the harm, so twice as much each: half a bit more than the others.
  const std::vector<BitShare> unequal = {{50, 0.1}, {100, 0.1}};
  EXPECT_THAT(share_bits(unequal, 4.0),
              ElementsAre(DoubleNear(4 + 1.0 / 3, kSearched), DoubleNear(4 - 1.0 / 6, kSearched)));
}

// Of all ways to share, on a fine grid of three matrices.
TEST(ShareBits, NoOtherWayDoesLessHarm) {
  const std::vector<BitShare> matrices = {{10, 0.02}, {40, 0.3}, {25, 0.01}};
  const std::vector<double> best = share_bits(matrices, 3.0);
  EXPECT_NEAR(average(matrices, best), 3.0, kSearched);
  const double least = sum_of_divergences(matrices, best, 3.0);
  constexpr double kStep = 0.01;
  int tried = 0;
  for (double first = 1; first <= 8; first += kStep) {
    for (double second = 1; second <= 8; second += kStep) {
      const double third = (3.0 * 75 - 10 * first - 40 * second) / 25;
      if (third >= kLeastBits && third <= kMostBits) {
        ASSERT_GE(sum_of_divergences(matrices, std::vector{first, second, third}, 3.0), least * (1 - 1e-12));
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 1000);
}

TEST(ShareBits, StaysWithinWhatCanBeStored) {
  // Without a limit the first would get 15 bits. What it cannot use goes to the others, in equal parts.
  const std::vector<BitShare> extreme = {{10, 1e6}, {10, 1e-1}, {10, 1e-1}};
  EXPECT_THAT(share_bits(extreme, 4.0),
              ElementsAre(DoubleNear(8, kSearched), DoubleNear(2, kSearched), DoubleNear(2, kSearched)));
  // What does no harm at all gets the least there is.
  const std::vector<BitShare> idle = {{10, 0}, {10, 0.1}};
  EXPECT_THAT(share_bits(idle, 3.0), ElementsAre(DoubleNear(1, kSearched), DoubleNear(5, kSearched)));
  const std::vector<BitShare> all_idle = {{10, 0}, {20, 0}};
  EXPECT_THAT(share_bits(all_idle, 3.0), Each(DoubleNear(3, kSearched)));
  EXPECT_THAT(share_bits(idle, 1.0), Each(DoubleNear(1, kSearched)));
  EXPECT_THAT(share_bits(idle, 8.0), Each(DoubleNear(8, kSearched)));
  EXPECT_THAT(share_bits({}, 3.0), testing::IsEmpty());
  const std::vector<BitShare> needs_more = {{10, 0, 2.5}, {10, 0.1}};
  EXPECT_THAT(share_bits(needs_more, 3.0), ElementsAre(DoubleNear(2.5, kSearched), DoubleNear(3.5, kSearched)));
}

/// Wide enough that the tables of entropy-coded matrices are a small part of them.
GptConfig small_llama() {
  GptConfig config = tiny_llama();
  config.width = 64;
  config.hidden = 96;
  config.tied_head = true;
  config.vocabulary = 131;
  return config;
}

Recipe entropy_recipe(BitAllocation allocation, RoundingMethod method = RoundingMethod::gptq) {
  Recipe recipe;
  recipe.name = "shared";
  recipe.weights = {
      .format = WeightFormat::entropy, .bits = 4, .granularity = Granularity::per_tensor, .method = method};
  recipe.bit_allocation = allocation;
  return recipe;
}

Calibration text_for(Gpt& model) {
  const std::vector<Tensor> batches = {random_ids(4, 11, 131, 1), random_ids(3, 11, 131, 2)};
  return calibrate(model, batches);
}

/// Mean KL in nats between the FP32 model and the quantized one, on a text that calibration has not seen.
double divergence(Gpt& fp32, Gpt& quantized) {
  const NoGrad no_grad;
  const Tensor ids = random_ids(8, 11, 131, 9);
  const Tensor p_logits = fp32.forward(ids), q_logits = quantized.forward(ids);
  std::vector<double> p(131);
  double sum = 0;
  for (std::int64_t i = 0; i < ids.elements(); ++i) {
    const std::span<const float> from(p_logits.data<float>() + i * 131, 131), to(q_logits.data<float>() + i * 131, 131);
    const TokenDistribution of_p = token_distribution(from, p);
    sum += kl_divergence(p, from, of_p, to, token_distribution(to));
  }
  return sum / static_cast<double>(ids.elements());
}

std::map<std::string, double> bits_of(const Coverage& coverage) {
  std::map<std::string, double> bits;
  for (const CoverageRow& row : coverage.rows) {
    bits[row.path] = row.bits_per_weight;
  }
  return bits;
}

// Errors in what a layer of zeros multiplies do nothing, so others have the bits.
TEST(AllocateBits, LayersWithoutEffectGetTheLeast) {
  Gpt model(small_llama());
  fill_randomly(model, 3);
  for (const auto& [path, parameter] : model.parameters()) {
    if (path == "blocks.1.mlp.down.weight") {
      parameter->set_value(Tensor::zeros(parameter->value().shape()));
    }
  }
  const Calibration calibration = text_for(model);
  const auto bits = allocate_bits(model, entropy_recipe(BitAllocation::measured), calibration, no_progress());
  EXPECT_EQ(bits.at("blocks.1.mlp.gate"), kLeastBits);
  EXPECT_EQ(bits.at("blocks.1.mlp.up"), kLeastBits);
  EXPECT_GT(bits.at("blocks.0.mlp.up"), 3.0);
  EXPECT_EQ(bits.size(), 11U);
}

// Tables of a matrix of 2 rows and 16 columns take 1.9 bits for each of its weights, however coarse these are.
TEST(AllocateBits, NoMatrixGetsLessThanItsTablesTake) {
  GptConfig config = small_llama();
  config.width = 16;
  config.heads = 2;
  config.kv_heads = 2;
  config.attention_gate = true;
  Gpt model(config);
  fill_randomly(model, 3);
  for (const auto& [path, parameter] : model.parameters()) {
    if (path.ends_with("attention.output.weight")) {
      parameter->set_value(Tensor::zeros(parameter->value().shape()));  // so that no gate does any harm
    }
  }
  Recipe recipe = entropy_recipe(BitAllocation::measured, RoundingMethod::automatic);
  recipe.weights.bits = 3;
  const Coverage coverage = apply_recipe(model, recipe, text_for(model));
  EXPECT_GT(bits_of(coverage).at("blocks.0.attention.gate.weight"), kLeastBits);
}

// Random weights of one size differ in harm by where they stand. Measured: 0.52 to 0.64 of the divergence.
constexpr double kLessHarm = 0.8;
constexpr double kAsManyBytes = 1.005;  // each matrix comes within 0.2 % of its bits

TEST(AllocateBits, DoesLessHarmWithAsManyBytes) {
  for (const RoundingMethod method : {RoundingMethod::automatic, RoundingMethod::gptq, RoundingMethod::qronos}) {
    Gpt model(small_llama());
    fill_randomly(model, 4, 0.1F);
    const Calibration calibration = text_for(model);
    const std::unique_ptr<Gpt> even = fp32_copy(model), shared = fp32_copy(model);
    const Coverage evenly = apply_recipe(*even, entropy_recipe(BitAllocation::even, method), calibration);
    const Coverage measured = apply_recipe(*shared, entropy_recipe(BitAllocation::measured, method), calibration);
    EXPECT_LE(measured.bytes(), evenly.bytes() * kAsManyBytes);
    EXPECT_LT(divergence(model, *shared), kLessHarm * divergence(model, *even)) << enum_name(method);
  }
}

TEST(AllocateBits, TheModelComesBackAsItWas) {
  Gpt model(small_llama());
  fill_randomly(model, 5);
  const Calibration calibration = text_for(model);
  const std::unique_ptr<Gpt> before = fp32_copy(model);
  allocate_bits(model, entropy_recipe(BitAllocation::measured), calibration, no_progress());
  EXPECT_EQ(divergence(*before, model), 0.0);
}

TEST(AllocateBits, LayersWithSchemesOfTheirOwnAreLeftOut) {
  Gpt model(small_llama());
  fill_randomly(model, 6);
  Recipe recipe = entropy_recipe(BitAllocation::measured);
  recipe.embedding = WeightScheme{.bits = 8};
  recipe.keep_fp32 = {"blocks.0.mlp.down"};
  LayerScheme own;
  static_cast<WeightScheme&>(own) = recipe.weights;
  own.match = "*.mlp.up";
  own.bits = 5;
  recipe.layers = {own};
  const Coverage coverage = apply_recipe(model, recipe, text_for(model));
  const auto bits = bits_of(coverage);
  EXPECT_EQ(bits.at("blocks.0.mlp.down.weight"), 32);
  EXPECT_GT(bits.at("embedding.weight"), 8);
  EXPECT_NEAR(bits.at("blocks.0.mlp.up.weight"), 5, 0.05);
  EXPECT_NEAR(bits.at("blocks.1.mlp.up.weight"), 5, 0.05);
  const auto row = std::find_if(coverage.rows.begin(), coverage.rows.end(),
                                [](const CoverageRow& r) { return r.path == "blocks.0.mlp.gate.weight"; });
  EXPECT_THAT(row->reason, HasSubstr("bits shared among layers"));
}

TEST(AllocateBits, NeedsAText) {
  Gpt model(small_llama());
  fill_randomly(model, 7);
  const Recipe recipe = entropy_recipe(BitAllocation::measured, RoundingMethod::automatic);
  EXPECT_TRUE(recipe.needs_calibration());
  EXPECT_THAT([&] { apply_recipe(model, recipe); },
              ThrowsMessage<Error>(HasSubstr("expected a calibration text, got none")));
}

TEST(AllocateBits, IsForEntropyAlone) {
  Recipe recipe;
  recipe.bit_allocation = BitAllocation::measured;
  Problems problems;
  recipe.validate(problems);
  EXPECT_THAT(problems.list().at(0).message, HasSubstr("expected even for the format int8"));
}

}  // namespace
}  // namespace octet::bit_allocation_test
