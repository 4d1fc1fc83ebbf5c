#include <gmock/gmock.h>

#include "base/error.h"
#include "tensor/ops/norm.h"
#include "tests/tensor/every_backend.h"

namespace octet::norm_codes_kernel_test {
namespace {

class NormCodesKernel : public EveryBackend {};

constexpr float kEpsilon = 1e-5F;

void expect_same(const NormCodes& actual, const Tensor& y, const QuantizedRows& rows) {
  EXPECT_EQ(actual.y.to_vector(), y.to_vector());
  EXPECT_THAT(actual.codes.codes.span<std::int8_t>(), testing::ElementsAreArray(rows.codes.span<std::int8_t>()));
  EXPECT_EQ(actual.codes.scales.to_vector(), rows.scales.to_vector());
  EXPECT_THAT(actual.codes.corrections.span<std::int32_t>(),
              testing::ElementsAreArray(rows.corrections.span<std::int32_t>()));
  EXPECT_EQ(actual.codes.shape, y.shape());
  EXPECT_EQ(actual.codes.scheme, rows.scheme);
}

// Bit for bit, also where rows are shared out to threads.
TEST_F(NormCodesKernel, EqualTheNormAndItsCodes) {
  on_every_backend([] {
    for (const Shape& shape : {Shape{1}, Shape{1, 7}, Shape{2, 3, 64}, Shape{5, 100}, Shape{300, 65}}) {
      const std::int64_t columns = shape[-1];
      const Tensor x = random_tensor(shape, 1), gain = random_tensor({columns}, 2), bias = random_tensor({columns}, 3);
      const Tensor layer = layer_norm(x, gain, bias, kEpsilon), rms = rms_norm(x, gain, kEpsilon);
      for (const CodeScheme& scheme : {CodeScheme{code_layout(columns, columns)}, CodeScheme{code_layout(columns, 12)},
                                       CodeScheme{code_layout(columns, 32), 0.02F}}) {
        const auto rows = [&](const Tensor& y) { return quantize_rows(y, scheme.layout, scheme.static_scale); };
        expect_same(layer_norm_codes(x, gain, bias, kEpsilon, scheme), layer, rows(layer));
        expect_same(rms_norm_codes(x, gain, kEpsilon, scheme), rms, rows(rms));
      }
    }
  });
}

TEST_F(NormCodesKernel, RefuseALayoutOfOtherRows) {
  const Tensor x = Tensor::zeros({2, 5}), gain = Tensor::zeros({5});
  EXPECT_THAT([&] { rms_norm_codes(x, gain, kEpsilon, {code_layout(6, 6)}); },
              testing::ThrowsMessage<Error>("[quantize_rows] expected x (..., 6), got (2, 5)"));
}

}  // namespace
}  // namespace octet::norm_codes_kernel_test
