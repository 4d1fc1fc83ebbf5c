#include "eval/verify/verify.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quant/apply_recipe.h"
#include "quant/quantize_matrix.h"
#include "tests/eval/tiny_models.h"

namespace octet::verify_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A model with layers of every kind: int8, int4 with a ragged last group, halves, and both kinds of activations.
std::unique_ptr<Gpt> quantized_model(Architecture architecture, Activations activations, int bits) {
  auto model = std::make_unique<Gpt>(tiny_config(architecture));
  initialize(*model, 1);
  Recipe recipe;
  recipe.weights.bits = bits;
  recipe.weights.granularity = bits == 8 ? Granularity::per_channel : Granularity::per_group;
  recipe.weights.group = 8;
  recipe.activations = activations;
  apply_recipe(*model, recipe);
  return model;
}

constexpr std::int64_t kRows = 21;

std::vector<VerifyRow> verify_on(Gpt& model, std::span<const Backend* const> backends) {
  NullProgress progress;
  return verify(verify_cases(model, tiny_windows(3, 8), kRows), backends, progress);
}

KernelTable generic_table() {
  return find_backend("cpu-generic").kernels();
}

/// Backends that are cpu-generic with one mistake.
const KernelTable& wrong_sum() {
  static const KernelTable table = [] {
    KernelTable wrong = generic_table();
    wrong.int8_product = [](const IntProductArgs& args) {
      generic_table().int8_product(args);
      args.y[args.w.n + 3] += 1;
    };
    return wrong;
  }();
  return table;
}

const KernelTable& wrong_code() {
  static const KernelTable table = [] {
    KernelTable wrong = generic_table();
    wrong.quantize_rows = [](const QuantizeRowsArgs& args) {
      generic_table().quantize_rows(args);
      args.codes[args.layout.stride + 2] ^= 1;
    };
    return wrong;
  }();
  return table;
}

// As if the last step along K had been left out for one output.
const KernelTable& wrong_float() {
  static const KernelTable table = [] {
    KernelTable wrong = generic_table();
    wrong.int8_linear = [](const IntLinearArgs& args) {
      generic_table().int8_linear(args);
      args.y[args.w.n + 3] *= 1.001F;
    };
    return wrong;
  }();
  return table;
}

const KernelTable& wrong_weight_only() {
  static const KernelTable table = [] {
    KernelTable wrong = generic_table();
    wrong.nibble_weights = [](const WeightLinearArgs& args) {
      generic_table().nibble_weights(args);
      args.y[1] = std::numeric_limits<float>::quiet_NaN();
    };
    return wrong;
  }();
  return table;
}

Backend broken_backend(const KernelTable& (*kernels)()) {
  Backend backend = find_backend("cpu-generic");
  backend.name = "broken";
  backend.kernels = kernels;
  return backend;
}

/// What the broken backend makes of the first layer; cpu-generic is tried beside it and must agree.
VerifyRow first_broken_row(const KernelTable& (*kernels)(), Activations activations, int bits) {
  const auto model = quantized_model(Architecture::llama, activations, bits);
  const Backend broken = broken_backend(kernels);
  const Backend* const backends[] = {&find_backend("cpu-generic"), &broken};
  const std::vector<VerifyRow> rows = verify_on(*model, backends);
  EXPECT_EQ(rows.at(0).difference, "");
  EXPECT_EQ(rows.at(1).backend, "broken");
  EXPECT_EQ(rows.at(1).layer, "blocks.0.attention.qkv");
  return rows.at(1);
}

TEST(Verify, EveryBackendAgreesOnEveryLayer) {
  const Backend& before = active_backend();
  for (const Architecture architecture : {Architecture::llama, Architecture::gpt2}) {
    for (const Activations activations : {Activations::dynamic, Activations::weight_only}) {
      for (const int bits : {8, 4}) {
        const auto model = quantized_model(architecture, activations, bits);
        const std::vector<VerifyRow> rows = verify_on(*model, available_backends());
        const std::size_t layers = architecture == Architecture::llama ? 11 : 9;
        ASSERT_EQ(rows.size(), layers * available_backends().size());
        EXPECT_EQ(rows.back().layer, "embedding");
        for (const VerifyRow& row : rows) {
          SCOPED_TRACE(row.layer + " on " + row.backend + ", " + row.scheme);
          EXPECT_EQ(row.difference, "");
          const auto equal = activations == Activations::dynamic ? std::optional(true) : std::nullopt;
          EXPECT_EQ(row.codes_equal, equal);
          EXPECT_EQ(row.int32_equal, equal);
          EXPECT_EQ(row.inputs, kRows);
          EXPECT_LE(row.max_float_error, row.float_bound);
        }
        EXPECT_THAT(rows, testing::Contains(testing::Field(&VerifyRow::max_float_error, testing::Gt(0.0))));
      }
    }
  }
  EXPECT_EQ(&active_backend(), &before);
}

TEST(Verify, EveryOtherFormatAgreesToo) {
  Recipe minimum, nf4, bf16, table4;
  minimum.weights.bits = 4;
  minimum.weights.symmetric = false;
  minimum.activations = Activations::dynamic;
  nf4.weights.format = WeightFormat::nf4;
  bf16.weights.format = WeightFormat::bf16;
  table4.weights.format = WeightFormat::table4;
  table4.activations = Activations::dynamic;
  for (Recipe* recipe : {&minimum, &nf4, &table4}) {
    recipe->weights.granularity = Granularity::per_group;
    recipe->weights.group = 8;
  }
  Recipe minimum_weight_only = minimum, table4_weight_only = table4;
  minimum_weight_only.activations = table4_weight_only.activations = Activations::weight_only;
  Recipe fp8 = bf16;
  fp8.weights.format = WeightFormat::fp8;
  Recipe entropy;
  entropy.weights = {.format = WeightFormat::entropy, .bits = 3.5, .granularity = Granularity::per_tensor};
  entropy.activations = Activations::dynamic;
  Recipe trellis = bf16;
  trellis.weights.format = WeightFormat::trellis;
  trellis.weights.bits = 3;
  Recipe mxfp4 = nf4, nvfp4 = nf4, nf4_double = nf4;
  mxfp4.weights.format = WeightFormat::mxfp4;
  mxfp4.weights.group = 32;
  nvfp4.weights.format = WeightFormat::nvfp4;
  nvfp4.weights.group = 16;
  nf4_double.weights.double_quantized = true;
  for (const Recipe& recipe : {minimum, minimum_weight_only, nf4, nf4_double, mxfp4, nvfp4, table4, table4_weight_only,
                               entropy, trellis, fp8, bf16}) {
    Gpt model(tiny_config(Architecture::gpt2));
    initialize(model, 1);
    apply_recipe(model, recipe);
    const std::vector<VerifyRow> rows = verify_on(model, available_backends());
    ASSERT_EQ(rows.size(), 9 * available_backends().size());
    for (const VerifyRow& row : rows) {
      SCOPED_TRACE(row.layer + " on " + row.backend + ", " + row.scheme);
      EXPECT_EQ(row.difference, "");
      EXPECT_EQ(row.int32_equal.has_value(), recipe.activations == Activations::dynamic);
    }
  }
}

TEST(Verify, LowRankCorrectionsAgreeToo) {
  for (const Activations activations : {Activations::dynamic, Activations::weight_only}) {
    Gpt model(tiny_config(Architecture::llama));
    initialize(model, 1);
    Recipe recipe;
    recipe.weights.bits = 3;
    recipe.weights.low_rank = 3;
    recipe.activations = activations;
    Calibration calibration;
    calibration.batches = {random_ids(2, 8, model.config().vocabulary, 1)};
    apply_recipe(model, recipe, calibration);
    for (const VerifyRow& row : verify_on(model, available_backends())) {
      SCOPED_TRACE(row.layer + " on " + row.backend + ", " + row.scheme);
      EXPECT_EQ(row.difference, "");
      EXPECT_THAT(row.scheme, HasSubstr("+ rank 3"));
    }
  }
}

TEST(Verify, ASumThatIsOffByOneIsNamed) {
  const VerifyRow row = first_broken_row(wrong_sum, Activations::dynamic, 8);
  EXPECT_EQ(row.int32_equal, false);
  EXPECT_EQ(row.codes_equal, true);
  EXPECT_LE(row.max_float_error, row.float_bound) << "the fused product is right";
  EXPECT_THAT(row.difference, HasSubstr("int32 sum of input 1, output 3, group 0: expected "));
}

TEST(Verify, ACodeThatIsOffByOneIsNamed) {
  const VerifyRow row = first_broken_row(wrong_code, Activations::dynamic, 4);
  EXPECT_EQ(row.codes_equal, false);
  EXPECT_THAT(row.difference, HasSubstr("code 2 of input 1: expected "));
}

TEST(Verify, AFloatBeyondItsBoundIsNamed) {
  const VerifyRow row = first_broken_row(wrong_float, Activations::dynamic, 8);
  EXPECT_EQ(row.int32_equal, true);
  EXPECT_EQ(row.codes_equal, true);
  EXPECT_GT(row.max_float_error, row.float_bound);
  EXPECT_LT(row.max_float_error, 0.0011);
  EXPECT_THAT(row.difference, HasSubstr("output 3 of input 1: expected "));
}

TEST(Verify, ANanInsteadOfANumberIsNamed) {
  const VerifyRow row = first_broken_row(wrong_weight_only, Activations::weight_only, 4);
  EXPECT_EQ(row.max_float_error, std::numeric_limits<double>::infinity());
  EXPECT_THAT(row.difference, HasSubstr("output 1 of input 0: expected "));
  EXPECT_THAT(row.difference, HasSubstr("got nan"));
}

TEST(Verify, CasesHoldTheFirstInputsOfQuantizedLayersOnly) {
  Gpt model(tiny_config(Architecture::gpt2));
  initialize(model, 1);
  EXPECT_THAT(verify_cases(model, tiny_windows(1, 8), 4), IsEmpty());
  Recipe recipe;
  recipe.keep_fp32 = {"blocks.1.*", "embedding", "*.mlp.*"};
  apply_recipe(model, recipe);
  const std::vector<VerifyCase> cases = verify_cases(model, tiny_windows(2, 8), 11);
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].layer, "blocks.0.attention.qkv");
  EXPECT_EQ(cases[1].layer, "blocks.0.attention.output");
  EXPECT_EQ(cases[0].x.shape(), (Shape{11, 12}));
  EXPECT_TRUE(cases[0].bias.defined());
  EXPECT_EQ(verify_cases(model, tiny_windows(1, 8), 11)[0].x.dim(0), 8) << "fewer where the windows hold no more";
}

// 8 sqrt(n) only where it is below the worst case n: a short sum has no average to rely on.
TEST(Verify, TheBoundGrowsWithGroupsAndColumns) {
  const auto bound = [](std::int64_t columns, std::int64_t group, Activations activations) {
    const WeightScheme scheme{WeightFormat::int8, 8, Granularity::per_group, group};
    return float_bound({quantize_matrix(Tensor::full({1, columns}, 1.0F), scheme), activations}) / 0x1p-24;
  };
  EXPECT_DOUBLE_EQ(bound(64, 64, Activations::dynamic), 7);
  EXPECT_DOUBLE_EQ(bound(64, 16, Activations::dynamic), 13);
  EXPECT_DOUBLE_EQ(bound(20, 20, Activations::weight_only), 27);
  EXPECT_DOUBLE_EQ(bound(1017, 1017, Activations::weight_only), 256);
}

}  // namespace
}  // namespace octet::verify_test
