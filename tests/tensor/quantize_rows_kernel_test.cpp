#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/ops/dynamic_linear.h"
#include "tests/tensor/every_backend.h"

namespace octet::quantize_rows_kernel_test {
namespace {

class QuantizeRows : public EveryBackend {};

TEST_F(QuantizeRows, RoundHalfToEven) {
  on_every_backend([] {
    const std::vector<float> row{127.0F, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F, -2.5F, 0.49F, -126.51F};
    const QuantizedRows rows = quantize_rows(Tensor::from(row, {1, 9}), code_layout(9, 9));
    EXPECT_THAT(rows.codes.span<std::int8_t>(),
                testing::ElementsAre(127, 0, 2, 2, 0, -2, -2, 0, -127, 0, 0, 0, 0, 0, 0, 0));
    EXPECT_EQ(rows.scales.item(), 1.0F);
    EXPECT_EQ(rows.corrections.span<std::int32_t>()[0], 0);
  });
}

TEST_F(QuantizeRows, AreTheSameOnEveryBackend) {
  for (const auto& [columns, group] :
       {std::pair<std::int64_t, std::int64_t>{1, 1}, {17, 17}, {33, 5}, {200, 32}, {1100, 64}, {64, 12}}) {
    Tensor x = Tensor::empty({9, columns});
    const Random random(5, static_cast<std::uint64_t>(columns));
    for (std::int64_t i = 0; i < x.elements(); ++i) {
      x.data<float>()[i] = random.normal(static_cast<std::uint64_t>(i));
    }
    const CodeLayout layout = code_layout(columns, group);
    set_active_backend(find_backend("cpu-generic"));
    const QuantizedRows expected = quantize_rows(x, layout);
    on_every_backend([&] {
      const QuantizedRows rows = quantize_rows(x, layout);
      EXPECT_THAT(rows.codes.span<std::int8_t>(), testing::ElementsAreArray(expected.codes.span<std::int8_t>()));
      EXPECT_THAT(rows.scales.span<float>(), testing::ElementsAreArray(expected.scales.span<float>()));
      EXPECT_THAT(rows.corrections.span<std::int32_t>(),
                  testing::ElementsAreArray(expected.corrections.span<std::int32_t>()));
    });
  }
}

// 127 / max would overflow: such rows count as zero.
TEST_F(QuantizeRows, ThatAreTooSmallToScaleAreZero) {
  on_every_backend([] {
    const float small = 0.9F * kSmallestRow;
    const QuantizedRows rows = quantize_rows(Tensor::from<float>({small, -small}, {1, 2}), code_layout(2, 2));
    EXPECT_THAT(rows.codes.span<std::int8_t>(), testing::Each(0));
    EXPECT_EQ(rows.scales.item(), 0.0F);
    const float enough = 1.1F * kSmallestRow;
    EXPECT_THAT(
        quantize_rows(Tensor::from<float>({enough, -enough}, {1, 2}), code_layout(2, 2)).codes.span<std::int8_t>(),
        testing::ElementsAre(127, -127, 0, 0, 0, 0, 0, 0));
  });
}

TEST_F(QuantizeRows, ByAStaticScaleClipWhatIsBeyondIt) {
  on_every_backend([] {
    std::vector<float> row(100, 0.5F);
    row[0] = 1e30F, row[1] = -1e30F, row[2] = 63.6F, row[3] = 0.75F, row[99] = -100.0F;
    const QuantizedRows rows = quantize_rows(Tensor::from(row, {1, 100}), code_layout(100, 100), 0.5F);
    const auto codes = rows.codes.span<std::int8_t>();
    EXPECT_THAT(codes.first(5), testing::ElementsAre(127, -127, 127, 2, 1));
    EXPECT_EQ(codes[99], -127);
    EXPECT_EQ(rows.scales.item(), 0.5F);
    EXPECT_EQ(rows.corrections.span<std::int32_t>()[0], -128 * (127 + 2 + 95 - 127));
  });
}

}  // namespace
}  // namespace octet::quantize_rows_kernel_test
