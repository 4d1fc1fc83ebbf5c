#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/formats/any_weight.h"
#include "tensor/half.h"
#include "tensor/kernels/trellis_code.h"
#include "tensor/ops/unpack_rows.h"
#include "tensor/ops/view.h"
#include "tensor/ops/weight_linear.h"
#include "tests/support/random_trellis.h"
#include "tests/tensor/every_backend.h"

namespace octet::trellis_kernel_test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class TrellisKernels : public EveryBackend {};

/// The level of a state as the paper has it, but for the unit.
double level_by_definition(unsigned state) {
  const auto bits = static_cast<std::uint32_t>((34038481ULL * state + 76625530ULL) % (1ULL << 32));
  int sum = 0;
  for (int byte = 0; byte < 4; ++byte) {
    sum += static_cast<int>(bits >> 8 * byte & 255U);
  }
  return (sum - 510) / 128.0;
}

/// The levels (256) of a tile by its walk: from the last place to the first, state = (state << k | code) mod 2^12.
/// Where it begins does not matter once 12 bits have gone in, and the ring gives those again at its end.
std::vector<double> walk_by_definition(const std::uint8_t* ring, int bits) {
  std::vector<double> levels(256);
  unsigned state = 0;
  for (int turn = 0; turn < 2; ++turn) {
    for (int place = 255; place >= 0; --place) {
      unsigned code = 0;
      for (int bit = bits - 1; bit >= 0; --bit) {
        const int at = place * bits + bit;
        code = code << 1 | (ring[at / 8] >> at % 8 & 1U);
      }
      state = (state << bits | code) % 4096;
      levels[static_cast<std::size_t>(place)] = level_by_definition(state);
    }
  }
  return levels;
}

TEST(Trellis, EveryStateHasTheLevelOfItsDefinition) {
  double sum = 0, squares = 0;
  for (unsigned state = 0; state < 4096; ++state) {
    const double level = level_by_definition(state);
    ASSERT_EQ(static_cast<double>(trellis_level(state)), level) << state;
    sum += level;
    squares += level * level;
  }
  // Four random bytes: mean 510, standard deviation sqrt(4 * (256^2 - 1) / 12) = 147.8.
  EXPECT_NEAR(sum / 4096, 0.0, 0.02);
  EXPECT_NEAR(std::sqrt(squares / 4096), 147.8 / 128.0, 0.01 * 147.8 / 128.0);
}

TEST(Trellis, ValuesAreTheLevelsOfAWalkTimesTheScaleOfTheRow) {
  for (const int bits : {2, 3, 4}) {
    const std::int64_t rows = 37, columns = 43;
    const TrellisWeight weight = random_trellis(bits, rows, columns);
    const Tensor values = dequantize(weight);
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::uint8_t* ring = weight.codes().data<std::uint8_t>() + (row / 16 * 3 + c / 16) * 32 * bits;
        const double level = walk_by_definition(ring, bits)[static_cast<std::size_t>(c % 16 * 16 + row % 16)];
        const float scale = to_float(weight.scales().data<Float16>()[row]);
        ASSERT_EQ(values.data<float>()[row * columns + c], static_cast<float>(level * scale)) << row << ", " << c;
      }
    }
  }
}

/// Products with the rows of an identity are columns of the weight, with no rounding: what kernels decode.
Tensor decoded_by_products(const TrellisWeight& weight, std::int64_t rows_at_once) {
  const PackedWeight packed = pack(weight);
  Tensor columns = Tensor::empty({weight.columns(), weight.rows()});
  for (std::int64_t first = 0; first < weight.columns(); first += rows_at_once) {
    const std::int64_t count = std::min(rows_at_once, weight.columns() - first);
    const Tensor x = Tensor::zeros({count, weight.columns()});
    for (std::int64_t i = 0; i < count; ++i) {
      x.data<float>()[i * weight.columns() + first + i] = 1.0F;
    }
    const std::vector<float> y = weight_linear(x, packed).to_vector();
    std::copy(y.begin(), y.end(), columns.data<float>() + first * weight.rows());
  }
  return transpose(columns, 0, 1);
}

TEST_F(TrellisKernels, DecodeAsTheDefinitionBitForBit) {
  on_every_backend([] {
    for (const int bits : {2, 3, 4}) {
      for (const auto& [rows, columns] : {std::pair{1, 1}, {16, 16}, {17, 33}, {64, 48}, {70, 131}, {129, 96}}) {
        SCOPED_TRACE(fmt::format("{} bits, ({}, {})", bits, rows, columns));
        const TrellisWeight weight = random_trellis(bits, rows, columns);
        const std::vector<float> expected = dequantize(weight).to_vector();
        for (const std::int64_t rows_at_once : {1, 2, 4, 14, 1000}) {  // every kind of tile
          ASSERT_EQ(decoded_by_products(weight, rows_at_once).to_vector(), expected) << rows_at_once;
        }
        std::vector<std::int32_t> ids(static_cast<std::size_t>(rows));
        std::iota(ids.begin(), ids.end(), 0);
        ASSERT_EQ(unpack_rows(pack(weight), Tensor::from(ids, {rows})).to_vector(), expected);
      }
    }
  });
}

TEST(Trellis, BitsPerWeight) {
  EXPECT_EQ(bits_per_weight(random_trellis(2, 32, 256)), 2.0 + 16.0 / 256);
  EXPECT_EQ(bits_per_weight(random_trellis(3, 32, 256)), 3.0 + 16.0 / 256);
  EXPECT_EQ(bytes(random_trellis(4, 17, 17)), 4 * 128 + 17 * 2) << "four tiles for one row and column more";
  EXPECT_EQ(describe(AnyWeight(random_trellis(4, 17, 17))), "trellis per_channel (4 bits)");
  EXPECT_FALSE(has_codes(random_trellis(4, 17, 17)));
}

TEST(Trellis, RefusesWhatDoesNotFit) {
  const auto refuses = [](const Tensor& codes, const Tensor& scales, std::int64_t columns, int bits,
                          const std::string& message) {
    EXPECT_THAT(([&] { TrellisWeight(codes, scales, columns, bits); }), ThrowsMessage<Error>(HasSubstr(message)));
  };
  const TrellisWeight good = random_trellis(3, 20, 40);
  refuses(good.codes(), good.scales(), 40, 5, "[trellis weight] expected 2 to 4 bits, got 5");
  refuses(good.codes(), good.scales(), 40, 2, "expected codes (2, 3, 64) of u8 for 20 rows and 40 columns of 2 bits");
  refuses(good.codes(), good.scales(), 50, 3, "expected codes (2, 4, 96) of u8");
  refuses(good.codes(), good.scales(), 0, 3, "expected at least 1 column, got 0");
  refuses(good.codes(), Tensor::full({20}, 1.0F), 40, 3, "expected a scale of f16 for each row, got shape (20) of f32");
  Tensor scales = good.scales().clone();
  scales.data<Float16>()[7] = to_float16(INFINITY);
  refuses(good.codes(), scales, 40, 3, "expected finite scales, got inf");
}

}  // namespace
}  // namespace octet::trellis_kernel_test
