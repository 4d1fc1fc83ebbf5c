#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "nn/layers/norm.h"
#include "nn/layers/quantized_embedding.h"
#include "nn/layers/quantized_linear.h"
#include "tensor/autograd/node.h"
#include "tensor/backend.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/linear.h"
#include "tests/nn/weights_of_every_format.h"
#include "tests/support/random_tensor.h"

namespace octet::quantized_layers_test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// Restores the backend that was active.
class QuantizedLayers : public testing::Test {
 protected:
  ~QuantizedLayers() override { set_active_backend(before_); }

 private:
  const Backend& before_ = active_backend();
};

std::unique_ptr<Linear> random_linear(std::int64_t in, std::int64_t out, bool with_bias) {
  auto layer = std::make_unique<Linear>(in, out, with_bias);
  layer->weight.set_value(random_tensor({out, in}, 1));
  if (with_bias) {
    layer->bias->set_value(random_tensor({out}, 2));
  }
  return layer;
}

// Sums of 45 products in another order, codes before scales: measured at most 2e-6 for values of about 1.
constexpr float kWeightOnlyBound = 1e-5F;

TEST_F(QuantizedLayers, WeightOnlyIsTheProductWithTheDequantizedWeight) {
  const NoGrad no_grad;
  const auto layer = random_linear(45, 19, true);
  const Tensor x = random_tensor({2, 3, 45}, 4);
  for (const AnyWeight& weight : weights_of_every_format(19, 45)) {
    SCOPED_TRACE(describe(weight));
    const auto quantized = QuantizedLinear::from_linear(*layer, weight, Activations::weight_only);
    EXPECT_EQ(quantized->in_features(), 45);
    EXPECT_EQ(quantized->out_features(), 19);
    const Tensor y = (*quantized)(x);
    EXPECT_EQ(y.shape(), (Shape{2, 3, 19}));
    EXPECT_THAT(y.to_vector(), testing::Pointwise(testing::FloatNear(kWeightOnlyBound),
                                                  linear(x, dequantize(weight), layer->bias->value()).to_vector()));
  }
}

// A code of the activations is off by at most half a step, max|x| / 254; so is the product, weighted by sum |w|. The
// float operations add less than a thousandth of it.
TEST_F(QuantizedLayers, DynamicIsWithinHalfAStepOfTheActivations) {
  const NoGrad no_grad;
  const auto layer = random_linear(45, 19, true);
  const Tensor x = random_tensor({5, 45}, 4);
  for (const AnyWeight& weight : weights_of_every_format(19, 45)) {
    if (!has_codes(weight)) {
      continue;
    }
    SCOPED_TRACE(describe(weight));
    const Tensor exact = linear(x, dequantize(weight), layer->bias->value());
    const std::vector<float> w = dequantize(weight).to_vector();
    for (const Backend* backend : available_backends()) {
      SCOPED_TRACE(backend->name);
      set_active_backend(*backend);
      const Tensor y = (*QuantizedLinear::from_linear(*layer, weight, Activations::dynamic))(x);
      for (std::int64_t m = 0; m < 5; ++m) {
        float largest = 0;
        for (std::int64_t k = 0; k < 45; ++k) {
          largest = std::max(largest, std::fabs(x.data<float>()[m * 45 + k]));
        }
        for (std::int64_t n = 0; n < 19; ++n) {
          float row_sum = 0;
          for (std::int64_t k = 0; k < 45; ++k) {
            row_sum += std::fabs(w[static_cast<std::size_t>(n * 45 + k)]);
          }
          EXPECT_NEAR(y.data<float>()[m * 19 + n], exact.data<float>()[m * 19 + n], 1.001F * largest / 254 * row_sum);
        }
      }
    }
  }
}

// int32 sums are equal on every backend. The float epilogue differs by where products and sums are fused: measured at
// most 2^-23 of the largest value; four times that is allowed.
constexpr float kEpilogueBound = 4 * 0x1p-23F;

TEST_F(QuantizedLayers, BackendsAgree) {
  const NoGrad no_grad;
  const auto layer = random_linear(200, 70, true);
  const Tensor x = random_tensor({33, 200}, 5);
  for (const AnyWeight& weight :
       {AnyWeight(Int8Weight(random_codes(70, 200, 8, 200))), AnyWeight(Int4Weight(random_codes(70, 200, 4, 32))),
        AnyWeight(Int4Weight(codes_with_minimum(70, 200, 4, 32)))}) {
    SCOPED_TRACE(describe(weight));
    const auto quantized = QuantizedLinear::from_linear(*layer, weight, Activations::dynamic);
    const PackedWeight& packed = quantized->matrix.packed();
    set_active_backend(find_backend("cpu-generic"));
    const Tensor expected = (*quantized)(x);
    const Tensor expected_sums = integer_product(quantize_rows(x, packed.layout()), packed);
    float largest = 0;
    for (const float y : expected.to_vector()) {
      largest = std::max(largest, std::fabs(y));
    }
    for (const Backend* backend : available_backends()) {
      SCOPED_TRACE(backend->name);
      set_active_backend(*backend);
      const Tensor sums = integer_product(quantize_rows(x, packed.layout()), packed);
      EXPECT_THAT(sums.span<std::int32_t>(), testing::ElementsAreArray(expected_sums.span<std::int32_t>()));
      const Tensor y = (*quantized)(x);
      for (std::int64_t i = 0; i < y.elements(); ++i) {
        ASSERT_NEAR(y.data<float>()[i], expected.data<float>()[i], kEpilogueBound * largest);
      }
    }
  }
}

// The same roundings with the scale that dynamic activations of one row find by themselves.
TEST_F(QuantizedLayers, StaticWithTheScaleOfARowIsDynamic) {
  const NoGrad no_grad;
  const auto layer = random_linear(45, 19, true);
  Tensor x = random_tensor({1, 45}, 4);
  x.data<float>()[0] = -4.0F * 127 / 128;  // the largest: the scale is exact
  const AnyWeight weight = Int8Weight(random_codes(19, 45, 8, 45));
  const auto fixed = QuantizedLinear::from_linear(*layer, weight, ActivationScheme::fixed(0x1p-5F));
  const auto dynamic = QuantizedLinear::from_linear(*layer, weight, Activations::dynamic);
  EXPECT_EQ((*fixed)(x).to_vector(), (*dynamic)(x).to_vector());
  EXPECT_EQ(fixed->matrix.describe(), "int8 per_group 45, static");
  EXPECT_THAT([&] { QuantizedLinear::from_linear(*layer, weight, Activations::static_scale); },
              ThrowsMessage<Error>(HasSubstr("expected a positive finite scale for static activations, got 0")));
  EXPECT_THAT([&] { QuantizedLinear::from_linear(*layer, weight, ActivationScheme::split(-1)); },
              ThrowsMessage<Error>(HasSubstr("expected a threshold of at least 0 for the outlier split, got -1")));
}

// All numbers are small integers, so that every sum is exact: the codes q - z of the inputs are the inputs.
TEST_F(QuantizedLayers, AZeroPointIsExact) {
  const NoGrad no_grad;
  constexpr std::int64_t kRows = 9, kOutputs = 70, kInputs = 200;
  constexpr int kZeroPoint = -86;  // inputs from -27 to 199 have the codes -113 to 113
  Codes codes = random_codes(kOutputs, kInputs, 8, kInputs);
  std::fill_n(codes.scales.data<float>(), codes.scales.elements(), 1.0F);
  Tensor x = Tensor::empty({kRows, kInputs});
  const Random random(11);
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    x.data<float>()[i] = static_cast<float>(random.below(static_cast<std::uint64_t>(i), 227)) - 27.0F;
  }
  auto layer = random_linear(kInputs, kOutputs, true);
  for (float& bias : layer->bias->value().span<float>()) {
    bias = std::nearbyint(100.0F * bias);
  }
  const auto quantized =
      QuantizedLinear::from_linear(*layer, Int8Weight(codes), ActivationScheme::fixed(1.0F, kZeroPoint));
  EXPECT_FALSE(quantized->input_codes().has_value());
  EXPECT_EQ(quantized->matrix.describe(), "int8 per_group 200, static with zero point");
  for (const Backend* backend : available_backends()) {
    SCOPED_TRACE(backend->name);
    set_active_backend(*backend);
    const Tensor y = (*quantized)(x);
    for (std::int64_t m = 0; m < kRows; ++m) {
      for (std::int64_t n = 0; n < kOutputs; ++n) {
        double sum = static_cast<double>(layer->bias->value().data<float>()[n]);
        for (std::int64_t k = 0; k < kInputs; ++k) {
          sum +=
              codes.codes.data<std::int8_t>()[n * kInputs + k] * static_cast<double>(x.data<float>()[m * kInputs + k]);
        }
        ASSERT_EQ(static_cast<double>(y.data<float>()[m * kOutputs + n]), sum) << m << " " << n;
      }
    }
  }
  EXPECT_THAT([&] { QuantizedLinear::from_linear(*layer, Int8Weight(codes), ActivationScheme::fixed(1.0F, 128)); },
              ThrowsMessage<Error>(HasSubstr("expected a zero point from -127 to 127, got 128")));
}

// Inputs on one side of 0 leave half of a symmetric grid unused: its step is twice as large, its squared error four
// times.
TEST_F(QuantizedLayers, AZeroPointHalvesTheStepsOfPositiveInputs) {
  const NoGrad no_grad;
  const auto layer = random_linear(200, 70, false);
  Tensor x = random_tensor({33, 200}, 5);
  float largest = 0.0F;
  for (float& value : x.span<float>()) {
    value = std::fabs(value);
    largest = std::max(largest, value);
  }
  const AnyWeight weight = Int8Weight(random_codes(70, 200, 8, 200));
  const auto exact = QuantizedLinear::from_linear(*layer, weight, Activations::weight_only);
  const Tensor expected = (*exact)(x);
  const auto error = [&](const ActivationScheme& scheme) {
    const Tensor y = (*QuantizedLinear::from_linear(*layer, weight, scheme))(x);
    double sum = 0.0;
    for (std::int64_t i = 0; i < y.elements(); ++i) {
      const double difference =
          static_cast<double>(y.data<float>()[i]) - static_cast<double>(expected.data<float>()[i]);
      sum += difference * difference;
    }
    return sum;
  };
  const double ratio =
      error(ActivationScheme::fixed(largest / 254.0F, -127)) / error(ActivationScheme::fixed(largest / 127.0F));
  EXPECT_NEAR(ratio, 0.25, 0.05);
}

// Fused or one after the other: the same function. Measured at most 5e-7 for values of about 10.
TEST_F(QuantizedLayers, ANonlinearityIsAppliedToTheResult) {
  const NoGrad no_grad;
  const auto layer = random_linear(45, 19, true);
  const Tensor x = random_tensor({5, 45}, 4);
  const auto expect_same = [&](LinearBase& any) {
    const Tensor plain = any(x);
    EXPECT_THAT(any(x, Nonlinearity::gelu).to_vector(),
                testing::Pointwise(testing::FloatNear(5e-6F), gelu(plain).to_vector()));
    EXPECT_THAT(any(x, Nonlinearity::silu).to_vector(),
                testing::Pointwise(testing::FloatNear(5e-6F), silu(plain).to_vector()));
  };
  expect_same(*layer);
  for (const AnyWeight& weight : weights_of_every_format(19, 45)) {
    SCOPED_TRACE(describe(weight));
    expect_same(*QuantizedLinear::from_linear(*layer, weight, Activations::weight_only));
    if (has_codes(weight)) {
      expect_same(*QuantizedLinear::from_linear(*layer, weight, Activations::dynamic));
      expect_same(*QuantizedLinear::from_linear(*layer, weight, ActivationScheme::fixed(0.05F)));
      expect_same(*QuantizedLinear::from_linear(*layer, weight, ActivationScheme::split(1.5F)));
    }
  }
}

// Kernels have (q - 8) scale + (minimum + 8 scale) for q scale + minimum: equal but for the rounding of the offset. All
// other rows are those of dequantize(), bit for bit. Measured: 1.2e-7.
constexpr float kMinimumBound = 1e-6F;

TEST_F(QuantizedLayers, EmbeddingLooksUpTheRowsOfTheDequantizedTable) {
  const NoGrad no_grad;
  Embedding table(19, 45);
  const Tensor ids = Tensor::from<std::int32_t>({0, 18, 7, 7}, {2, 2});
  for (const AnyWeight& weight : weights_of_every_format(19, 45)) {
    SCOPED_TRACE(describe(weight));
    const auto quantized = QuantizedEmbedding::from_embedding(table, weight, Activations::weight_only);
    const Tensor rows = quantized->lookup(ids);
    EXPECT_EQ(rows.shape(), (Shape{2, 2, 45}));
    const std::vector<float> all = dequantize(weight).to_vector(), got = rows.to_vector();
    for (std::size_t i = 0; i < 4; ++i) {
      const auto id = static_cast<std::size_t>(ids.span<std::int32_t>()[i]);
      for (std::size_t k = 0; k < 45; ++k) {
        EXPECT_NEAR(got[45 * i + k], all[45 * id + k], has_minimum(weight) ? kMinimumBound : 0.0F);
      }
    }
    const Tensor x = random_tensor({3, 45}, 6);
    EXPECT_THAT(quantized->project(x).to_vector(),
                testing::Pointwise(testing::FloatNear(kWeightOnlyBound), linear(x, dequantize(weight)).to_vector()));
  }
}

TEST_F(QuantizedLayers, EmbeddingRefusesIdsOutsideTheVocabulary) {
  const QuantizedEmbedding table(Int8Weight(random_codes(4, 5, 8, 5)), Activations::dynamic);
  EXPECT_THAT([&] { table.matrix.lookup(Tensor::from<std::int32_t>({4}, {1})); },
              ThrowsMessage<Error>("[embedding] expected ids from 0 to 3, got 4"));
}

TEST_F(QuantizedLayers, RefuseWhatDoesNotFit) {
  const auto layer = random_linear(8, 4, false);
  EXPECT_THAT(
      [&] {
        QuantizedLinear::from_linear(*layer, HalfWeight(Tensor::zeros({4, 7}, DType::f16)), Activations::weight_only);
      },
      ThrowsMessage<Error>("[quantized linear] expected a weight of shape (4, 8), got (4, 7)"));
  EXPECT_THAT(
      [&] { QuantizedLinear::from_linear(*layer, random_codebook(Codebook::nf4, 4, 8, 8), Activations::dynamic); },
      ThrowsMessage<Error>(HasSubstr("expected a format with integer codes, got nf4 per_group 8")));
  EXPECT_THAT(
      [&] {
        QuantizedLinear::from_linear(*layer, HalfWeight(Tensor::zeros({4, 8}, DType::f16)), Activations::dynamic);
      },
      ThrowsMessage<Error>(HasSubstr("expected a format with integer codes, got f16")));
}

TEST_F(QuantizedLayers, GradientsFlowThroughWeightOnlyLayersAndNotThroughDynamicOnes) {
  const auto layer = random_linear(8, 4, false);
  const AnyWeight weight = Int8Weight(random_codes(4, 8, 8, 8));
  Tensor x = random_tensor({3, 8}, 1);
  x.set_requires_grad(true);
  backward((*QuantizedLinear::from_linear(*layer, weight, Activations::weight_only))(x));
  EXPECT_TRUE(x.grad().defined());
  const Tensor y = (*QuantizedLinear::from_linear(*layer, weight, Activations::dynamic))(x);
  EXPECT_THAT([&] { backward(y); }, ThrowsMessage<Error>(HasSubstr("[dynamic_linear] has no gradient")));
}

// Codes that come with the input are multiplied where the layer would make the same ones, and no others are.
TEST_F(QuantizedLayers, TakeTheCodesOfTheirInput) {
  const NoGrad no_grad;
  const auto layer = random_linear(48, 19, true);
  const Tensor x = random_tensor({2, 3, 48}, 4), other = random_tensor({2, 3, 48}, 5);
  const auto with_codes_of_another = [&](const LinearBase& like) {
    const CodeScheme scheme = *like.input_codes();
    return LayerInput(x, quantize_rows(other, scheme.layout, scheme.static_scale));
  };
  const AnyWeight weight = Int8Weight(random_codes(19, 48, 8, 48)), grouped = Int4Weight(random_codes(19, 48, 4, 16));
  const auto dynamic = QuantizedLinear::from_linear(*layer, weight, Activations::dynamic);
  const auto fixed = QuantizedLinear::from_linear(*layer, weight, ActivationScheme::fixed(0.05F));
  const auto in_groups = QuantizedLinear::from_linear(*layer, grouped, Activations::dynamic);
  const auto split = QuantizedLinear::from_linear(*layer, weight, ActivationScheme::split(1.5F));
  const auto floats = QuantizedLinear::from_linear(*layer, weight, Activations::weight_only);
  for (LinearBase* taker : {dynamic.get(), fixed.get(), in_groups.get()}) {
    EXPECT_EQ((*taker)(with_codes_of_another(*taker)).to_vector(), (*taker)(other).to_vector());
  }
  for (LinearBase* refuser :
       std::initializer_list<LinearBase*>{fixed.get(), in_groups.get(), split.get(), floats.get(), layer.get()}) {
    EXPECT_EQ((*refuser)(with_codes_of_another(*dynamic)).to_vector(), (*refuser)(x).to_vector());
  }
  EXPECT_FALSE(split->input_codes());
  EXPECT_FALSE(floats->input_codes());
  EXPECT_FALSE(layer->input_codes());
}

// A block gives the codes of its norms to the layers behind them: what each of them makes of x by itself is the same.
TEST_F(QuantizedLayers, ANormGivesItsCodesToTheLayersBehindIt) {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    GptConfig config;
    config.architecture = architecture;
    config.width = 16, config.heads = 2, config.hidden = 24;
    const auto norm = make_norm(config);
    norm->parameters()[0].parameter->set_value(random_tensor({16}, 1));
    const Tensor x = random_tensor({2, 3, 16}, 2);
    const CodeScheme scheme{code_layout(16, 16)};
    {
      const NoGrad no_grad;
      const LayerInput input = norm->for_layers(x, scheme);
      EXPECT_EQ(input.x.to_vector(), (*norm)(x).to_vector());
      ASSERT_TRUE(input.codes);
      EXPECT_EQ(input.codes->scales.to_vector(), quantize_rows((*norm)(x), scheme.layout).scales.to_vector());
      EXPECT_FALSE(norm->for_layers(x, {}).codes) << "layers that read floats";
    }
    EXPECT_FALSE(norm->for_layers(x, scheme).codes) << "a gradient is recorded";
  }
}

TEST_F(QuantizedLayers, ObserverSeesTheInput) {
  const NoGrad no_grad;
  QuantizedLinear layer(Int8Weight(random_codes(4, 8, 8, 8)), false, Activations::dynamic);
  int seen = 0;
  layer.observer = [&](const Tensor& x) { seen += static_cast<int>(x.elements()); };
  layer(random_tensor({3, 8}, 1));
  EXPECT_EQ(seen, 24);
}

}  // namespace
}  // namespace octet::quantized_layers_test
