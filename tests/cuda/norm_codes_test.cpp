#include <limits>

#include "eval/speed/bench_formats.h"
#include "quant/apply_recipe.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/norm.h"
#include "tests/cuda/awkward.h"
#include "tests/support/tiny_gpt.h"

// A norm with its codes against the two kernels that it stands for. Both are of the same backend, so all bits agree;
// with the CPU's norm the floats agree within rounding (rows_test.cpp), and codes of equal floats are equal everywhere
// (quantize_rows_test.cpp).

namespace octet::norm_codes_test {
namespace {

class CudaNormCodes : public CudaTest {};

constexpr float kEpsilon = 1e-5F;

void expect_rows(const QuantizedRows& actual, const QuantizedRows& expected) {
  expect_equal(actual.codes, expected.codes);
  expect_equal(actual.scales, expected.scales);
  expect_equal(actual.corrections, expected.corrections);
}

void expect_as_two_kernels(const Tensor& x, std::int64_t group, float static_scale) {
  const std::int64_t columns = x.dim(-1);
  const CodeScheme scheme{code_layout(columns, group), static_scale};
  const Tensor there = on_cuda(x), gain = on_cuda(random_tensor({columns}, 2)),
               bias = on_cuda(random_tensor({columns}, 3));
  const Tensor layer = layer_norm(there, gain, bias, kEpsilon), rms = rms_norm(there, gain, kEpsilon);
  const NormCodes layer_codes = layer_norm_codes(there, gain, bias, kEpsilon, scheme);
  const NormCodes rms_codes = rms_norm_codes(there, gain, kEpsilon, scheme);
  expect_equal(layer_codes.y, layer);
  expect_equal(rms_codes.y, rms);
  expect_rows(layer_codes.codes, quantize_rows(layer.to(DeviceKind::cpu), scheme.layout, static_scale));
  expect_rows(rms_codes.codes, quantize_rows(rms.to(DeviceKind::cpu), scheme.layout, static_scale));
}

TEST_F(CudaNormCodes, EqualTheNormAndItsCodes) {
  for_awkward_rows_and_schedules([](std::int64_t rows, std::int64_t columns) {
    const Tensor x = random_tensor({rows, columns}, 1);
    expect_as_two_kernels(x, columns, 0.0F);
    expect_as_two_kernels(x, 32, 0.0F);
  });
}

TEST_F(CudaNormCodes, InGroupsOfEverySize) {
  for (const std::int64_t columns : {8, 300, 1028}) {
    for (const std::int64_t group : {1, 5, 12, 100, 129}) {
      SCOPED_TRACE(testing::Message() << "columns " << columns << ", group " << group);
      expect_as_two_kernels(random_tensor({3, columns}, 4), group, 0.0F);
      expect_as_two_kernels(random_tensor({3, columns}, 4), group, 0.01F);
    }
  }
}

TEST_F(CudaNormCodes, TreatRowsThatCannotBeScaledLikeTheCpu) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity}) {
    for (const std::int64_t columns : {300, 1100}) {
      Tensor x = random_tensor({3, columns}, 4);
      x.data<float>()[columns + 7] = bad;
      std::fill_n(x.data<float>(), columns, 0.0F);
      const CodeScheme scheme{code_layout(columns, 32)};
      const Tensor gain = random_tensor({columns}, 2);
      const NormCodes got = rms_norm_codes(on_cuda(x), on_cuda(gain), kEpsilon, scheme);
      // The codes are compared, not the norms, which may differ in the last bit.
      const Tensor norm = rms_norm(on_cuda(x), on_cuda(gain), kEpsilon).to(DeviceKind::cpu);
      expect_rows(got.codes, quantize_rows(norm, scheme.layout));
    }
  }
}

// Without a gradient norms make the codes of the layers behind them, and with one each layer makes its own.
TEST_F(CudaNormCodes, AModelGivesTheSameLogitsWithThem) {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    for (const std::string format : {"int8", "int4"}) {
      SCOPED_TRACE(fmt::format("{}, {}", enum_name(architecture), format));
      Gpt model(architecture == Architecture::gpt2 ? tiny_gpt2() : tiny_llama());
      fill_randomly(model, 1);
      model.to(DeviceKind::cuda);
      apply_recipe(model, *find_bench_formats({format}).back().recipe, {});
      const Tensor ids = Tensor::from<std::int32_t>({3, 1, 4, 1}, {2, 2});
      const Tensor apart = model.forward(ids);
      const NoGrad no_grad;
      expect_equal(model.forward(ids), apart);
    }
  }
}

}  // namespace
}  // namespace octet::norm_codes_test
