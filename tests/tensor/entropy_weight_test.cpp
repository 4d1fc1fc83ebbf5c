#include "tensor/formats/entropy_weight.h"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/formats/any_weight.h"
#include "tests/support/error_of.h"
#include "tests/support/random_tensor.h"

namespace octet::entropy_weight_test {
namespace {

constexpr std::int64_t kRows = 200, kColumns = 30;
constexpr float kScale = 0.03F;

/// Codes of columns that are multiples of 1, 3 and 40 in turn, and these multiples.
struct Sample {
  Codes codes;
  std::vector<std::int8_t> multiples;
};

Sample sample() {
  Sample result{{Tensor::zeros({kRows, kColumns}, DType::i8), Tensor::full({1}, kScale), 8, Granularity::per_tensor},
                {}};
  const Tensor normal = random_tensor({kRows, kColumns}, 1);
  for (std::int64_t c = 0; c < kColumns; ++c) {
    result.multiples.push_back(std::vector<std::int8_t>{1, 3, 40}[static_cast<std::size_t>(c % 3)]);
    const int multiple = result.multiples.back(), most = 127 / multiple;
    for (std::int64_t r = 0; r < kRows; ++r) {
      const int z = static_cast<int>(normal.data<float>()[r * kColumns + c] * 30 / static_cast<float>(multiple));
      result.codes.codes.data<std::int8_t>()[r * kColumns + c] =
          static_cast<std::int8_t>(std::clamp(z, -most, most) * multiple);
    }
  }
  return result;
}

EntropyWeight with_bytes(const std::vector<std::uint8_t>& bytes) {
  return {Tensor::from(bytes, {static_cast<std::int64_t>(bytes.size())}), Tensor::full({1}, kScale), kRows, kColumns};
}

std::vector<std::uint8_t> bytes_of(const EntropyWeight& weight) {
  const auto bytes = weight.coded().span<std::uint8_t>();
  return {bytes.begin(), bytes.end()};
}

TEST(EntropyWeight, GivesBackItsCodesAndIsSmaller) {
  const auto [codes, multiples] = sample();
  const EntropyWeight weight(codes, multiples), plain(codes), read = with_bytes(bytes_of(weight));
  for (const EntropyWeight& each : {weight, plain, read, with_bytes(bytes_of(plain))}) {
    EXPECT_THAT(each.codes().codes.span<std::int8_t>(), testing::ElementsAreArray(codes.codes.span<std::int8_t>()));
    EXPECT_EQ(dequantize(AnyWeight(each)).to_vector(), dequantize(codes).to_vector());
  }
  EXPECT_THAT(read.multiples(), testing::ElementsAreArray(multiples));
  EXPECT_EQ(weight.bytes(), weight.coded().elements() + 4);
  EXPECT_LT(weight.bytes(), plain.bytes());  // tables that know the multiples need fewer bits
  EXPECT_LT(plain.bytes(), kRows * kColumns);
}

// Kernels multiply the codes as those of int8.
TEST(EntropyWeight, IsPackedAsInt8) {
  const auto [codes, multiples] = sample();
  const AnyWeight weight = EntropyWeight(codes, multiples);
  ASSERT_TRUE(has_codes(weight));
  const PackedWeight packed = pack(weight);
  EXPECT_EQ(packed.format(), PackedFormat::int8);
  EXPECT_EQ(packed.rows(), kRows);
  EXPECT_THAT(codes_of(weight).codes.span<std::int8_t>(), testing::ElementsAreArray(codes.codes.span<std::int8_t>()));
  EXPECT_EQ(describe(weight), "entropy per_tensor");
}

TEST(EntropyWeight, RefusesWhatItCannotStore) {
  const auto [codes, multiples] = sample();
  Codes few = codes;
  few.bits = 4;
  EXPECT_THAT(error_of([&] { EntropyWeight{few}; }), testing::HasSubstr("expected codes of 4 bits in [-8, 7]"));
  std::vector<std::int8_t> wrong = multiples;
  wrong[0] = 2;
  EXPECT_THAT(error_of([&] { EntropyWeight(codes, wrong); }), testing::HasSubstr("expected a multiple of 2 at row"));
  wrong[0] = 0;
  EXPECT_THAT(error_of([&] { EntropyWeight(codes, wrong); }), testing::HasSubstr("multiples of at least 1, got 0"));
  wrong.pop_back();
  EXPECT_THAT(error_of([&] { EntropyWeight(codes, wrong); }), testing::HasSubstr("expected 30 multiples, got 29"));
}

// Measured: of 11,109 changes 4 make a code another one of the same frequency.
TEST(EntropyWeight, RefusesDamagedBytes) {
  const auto [codes, multiples] = sample();
  const std::vector<std::uint8_t> good = bytes_of(EntropyWeight(codes, multiples));
  int unseen = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int change : {1, 128, 255}) {
      std::vector<std::uint8_t> bad = good;
      bad[i] ^= static_cast<std::uint8_t>(change);
      unseen += error_of([&] { with_bytes(bad); }) == "no error";
    }
  }
  EXPECT_LE(unseen, 8);
  for (std::size_t kept = 1; kept < good.size(); ++kept) {
    EXPECT_THROW(with_bytes({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(kept)}), Error) << kept;
  }
  std::vector<std::uint8_t> longer = good;
  longer.push_back(7);
  EXPECT_THAT(error_of([&] { with_bytes(longer); }), testing::HasSubstr("expected the end of the coded bytes, got 1"));
}

}  // namespace
}  // namespace octet::entropy_weight_test
