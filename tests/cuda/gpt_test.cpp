#include "eval/speed/bench_formats.h"
#include "nn/generation/generate.h"
#include "nn/layers/quantized_layer.h"
#include "quant/apply_recipe.h"
#include "tensor/autograd/node.h"
#include "tests/cuda/cuda_test.h"
#include "tests/support/tiny_gpt.h"
#include "tests/train/training_sample.h"
#include "train/training_step.h"

namespace octet {
namespace {

class CudaGpt : public CudaTest {
 protected:
  const OneThread one_thread_;
};

GptConfig with_dropout(GptConfig config) {
  config.dropout = 0.1;
  return config;
}

std::unique_ptr<Gpt> random_gpt(const GptConfig& config, DeviceKind device) {
  auto model = std::make_unique<Gpt>(config);
  fill_randomly(*model, 1);
  model->to(device);
  return model;
}

Batch random_batch(const GptConfig& config, std::int64_t rows) {
  const auto ids = [&](std::uint64_t seed) {
    const Tensor drawn = random_ids(rows, config.context, config.vocabulary, seed);
    const auto values = drawn.span<std::int32_t>();
    return std::vector<std::int32_t>(values.begin(), values.end());
  };
  return {.inputs = ids(1), .targets = ids(2), .rows = rows, .context = config.context};
}

/// Loss and gradient norm of some steps, then the loss of the weights that they leave.
std::vector<double> training_curve(const GptConfig& shape, OptimizerKind kind, DeviceKind device) {
  constexpr std::int64_t kSteps = 3;
  const std::unique_ptr<Gpt> model = random_gpt(shape, device);
  TrainConfig config = TrainingSample::train_config(kind);
  config.batch = 1;
  const std::unique_ptr<Optimizer> optimizer = make_optimizer(*model, config.optimizer);
  const Batch batch = random_batch(shape, config.rows_per_step());
  std::vector<double> curve;
  for (std::int64_t step = 0; step <= kSteps; ++step) {
    const StepResult result = training_step(*model, *optimizer, config, batch, step);
    curve.push_back(result.loss);
    curve.push_back(result.gradient_norm);
  }
  return curve;
}

// Rounding in other orders, carried through four steps: measured at most 7e-7. A GPU also fuses multiplications with
// additions and has another expf, which Muon's five iterations amplify.
constexpr double kTrainingBound = 5e-5;

TEST_F(CudaGpt, TrainsAsOnTheCpu) {
  for (const GptConfig& config :
       {with_dropout(tiny_gpt2()), with_dropout(tiny_llama()), with_clipped_softmax(tiny_llama())}) {
    for (const OptimizerKind kind : {OptimizerKind::adamw, OptimizerKind::muon}) {
      SCOPED_TRACE(fmt::format("{} {}", enum_name(config.architecture), enum_name(kind)));
      const std::vector<double> expected = training_curve(config, kind, DeviceKind::cpu);
      const std::vector<double> actual = training_curve(config, kind, DeviceKind::cuda);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(actual[i], expected[i], kTrainingBound * expected[i]) << i;
      }
      EXPECT_NE(expected.front(), expected[2]) << "the weights did not change";
    }
  }
}

TEST_F(CudaGpt, GeneratesTheTokensOfTheCpu) {
  const std::vector<std::int32_t> prompt = {3, 1, 4, 1, 5, 9, 2, 6, 5};
  SamplingOptions options;
  options.max_tokens = 12;  // beyond the context: the cache starts again
  for (const GptConfig& config : {tiny_gpt2(), tiny_llama(), with_clipped_softmax(tiny_llama())}) {
    const std::unique_ptr<Gpt> cpu = random_gpt(config, DeviceKind::cpu), cuda = random_gpt(config, DeviceKind::cuda);
    for (const KvFormat kv : {KvFormat::f32, KvFormat::int8}) {
      const auto expected = generate(*cpu, prompt, options, {}, kv);
      EXPECT_EQ(expected.size(), 12u);
      EXPECT_EQ(generate(*cuda, prompt, options, {}, kv), expected);
    }
  }
}

/// As if every layer had read one input.
Calibration calibration_for(Gpt& model) {
  Calibration calibration;
  const float input = 3.8F;
  model.for_each_child([&](const std::string& path, ChildSlot&) { calibration.layers[path].range.add({&input, 1}); });
  return calibration;
}

// Sums of up to 20 products in another order; the outlier split adds two products. Measured at most 3e-7.
constexpr double kLayerBound = 3e-6;

TEST_F(CudaGpt, QuantizedLayersOfEveryFormatAreThoseOfTheCpu) {
  const NoGrad no_grad;
  for (const BenchFormat& format : bench_formats()) {
    SCOPED_TRACE(format.name);
    if (!format.recipe) {
      continue;
    }
    Recipe recipe = *format.recipe;
    recipe.threshold = 2.0;  // so that some columns are outliers and others not
    const std::unique_ptr<Gpt> model = random_gpt(tiny_gpt2(), DeviceKind::cpu);
    apply_recipe(*model, recipe, calibration_for(*model));
    const Tensor some_ids = Tensor::from<std::int32_t>(std::vector<std::int32_t>{0, 7, 3}, {3});
    int layers = 0;
    model->for_each_child([&](const std::string& path, ChildSlot& slot) {
      const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
      if (matrix == nullptr) {
        return;
      }
      SCOPED_TRACE(path);
      QuantizedMatrix there = *matrix;
      there.to(DeviceKind::cuda);
      for (const std::int64_t rows : {1, 3, 40}) {
        const Tensor x = random_tensor({rows, matrix->columns()}, 1), bias = random_tensor({matrix->rows()}, 2);
        expect_close(there.project(on_cuda(x), on_cuda(bias), Nonlinearity::gelu),
                     matrix->project(x, bias, Nonlinearity::gelu), kLayerBound);
      }
      expect_equal(there.lookup(some_ids), matrix->lookup(some_ids));
      ++layers;
    });
    EXPECT_EQ(layers, 9);
  }
}

// Sums of up to 20 products in another order. Measured at most 3e-7.
TEST_F(CudaGpt, LowRankCorrectionsAreThoseOfTheCpu) {
  const NoGrad no_grad;
  const LowRank low_rank = LowRank::quantize(random_tensor({19, 3}, 3), random_tensor({3, 20}, 4));
  const AnyWeight weight = HalfWeight::quantize(random_tensor({19, 20}, 5), DType::f16);
  const QuantizedMatrix here(weight, Activations::weight_only, low_rank);
  QuantizedMatrix there = here;
  there.to(DeviceKind::cuda);
  for (const std::int64_t rows : {1, 3, 40}) {
    const Tensor x = random_tensor({rows, 20}, 1), bias = random_tensor({19}, 2);
    expect_close(there.project(on_cuda(x), on_cuda(bias), Nonlinearity::gelu),
                 here.project(x, bias, Nonlinearity::gelu), kLayerBound);
  }
  const Tensor ids = Tensor::from<std::int32_t>(std::vector<std::int32_t>{0, 7, 3}, {3});
  expect_close(there.lookup(ids), here.lookup(ids), kLayerBound);
}

// Measured 1e-6, but a rounding error before a layer may move codes of its activations by one: 1 / 254 of the largest.
constexpr double kModelBound = 0.05;

TEST_F(CudaGpt, RecipesLeaveQuantizedLayersOnTheDevice) {
  const NoGrad no_grad;
  const Tensor ids = random_ids(2, 7, tiny_llama().vocabulary, 1);
  for (const BenchFormat& format : bench_formats()) {
    if (!format.recipe) {
      continue;
    }
    SCOPED_TRACE(format.name);
    const std::unique_ptr<Gpt> cpu = random_gpt(tiny_llama(), DeviceKind::cpu);
    const std::unique_ptr<Gpt> cuda = random_gpt(tiny_llama(), DeviceKind::cuda);
    apply_recipe(*cpu, *format.recipe, calibration_for(*cpu));
    apply_recipe(*cuda, *format.recipe, calibration_for(*cuda));
    const Tensor there = cuda->forward(ids);
    EXPECT_EQ(there.device(), DeviceKind::cuda);
    expect_close(there, cpu->forward(ids), kModelBound);
    cuda->to(DeviceKind::cpu);
    expect_equal(cuda->forward(ids), cpu->forward(ids));
  }
}

}  // namespace
}  // namespace octet
