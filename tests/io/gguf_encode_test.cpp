#include "io/gguf_encode.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/gguf_types.h"
#include "io/safetensors.h"

namespace octet::gguf_encode_test {
namespace {

std::vector<std::uint8_t> encoded(const GgufType& type, const std::vector<float>& values) {
  const auto blocks = static_cast<std::int64_t>(values.size()) / type.values;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(blocks * type.bytes));
  type.encode(values.data(), blocks, bytes.data());
  return bytes;
}

std::vector<float> decoded(const GgufType& type, const std::vector<std::uint8_t>& bytes) {
  const auto blocks = static_cast<std::int64_t>(bytes.size()) / type.bytes;
  std::vector<float> values(static_cast<std::size_t>(blocks * type.values));
  type.decode(bytes.data(), blocks, values.data());
  return values;
}

// Squared error of our blocks, divided by that of ggml's.
constexpr double kWorstRow = 1.0;   // measured 0.995
constexpr double kMeanRow = 0.975;  // measured 0.970 (IQ4_NL), 0.953 (Q4_K), 0.944 (Q6_K)

// scripts/golden/gguf_encoded.py
const SafetensorsFile& golden() {
  static const auto file = SafetensorsFile::read(OCTET_SOURCE_DIR "/tests/golden/export/gguf_encoded.safetensors");
  return file;
}

TEST(GgufEncode, BlocksWithScalesByExtremesAreThoseOfThePackageGguf) {
  const std::vector<float> values = golden().at("values").to_vector();
  for (const char* name : {"F16", "BF16", "Q8_0", "Q4_0", "Q4_1"}) {
    SCOPED_TRACE(name);
    const std::span<const std::uint8_t> expected = golden().at(fmt::format("bytes/{}", name)).span<std::uint8_t>();
    const std::vector<std::uint8_t> found = encoded(*find_gguf_type(name), values);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], expected[i]) << "byte " << i;
  }
}

TEST(GgufEncode, BlocksWithScalesBySearchLoseNoMoreThanThoseOfGgml) {
  const std::vector<float> values = golden().at("values").to_vector();
  for (const char* name : {"IQ4_NL", "Q4_K", "Q6_K"}) {
    SCOPED_TRACE(name);
    const std::vector<float> theirs = golden().at(fmt::format("error/{}", name)).to_vector();
    const GgufType& type = *find_gguf_type(name);
    const std::vector<float> back = decoded(type, encoded(type, values));
    double sum = 0.0;
    for (std::size_t row = 0; row < theirs.size(); ++row) {
      double error = 0.0;
      for (std::size_t i = 256 * row; i < 256 * (row + 1); ++i) error += std::pow(back[i] - values[i], 2);
      EXPECT_LE(error, kWorstRow * theirs[row]) << "row " << row;
      sum += error / theirs[row];
    }
    EXPECT_LE(sum / static_cast<double>(theirs.size()), kMeanRow);
  }
}

TEST(GgufEncode, ZerosStayZeroAndWhatIsTooLargeBecomesInfinite) {
  for (std::uint32_t id = 0; id < 64; ++id) {
    const GgufType* type = find_gguf_type(id);
    if (type == nullptr || type->encode == nullptr || type->values == 1) continue;
    SCOPED_TRACE(type->name);
    std::vector<float> values(static_cast<std::size_t>(type->values));
    for (const float value : decoded(*type, encoded(*type, values))) EXPECT_EQ(value, 0.0F);
    values[1] = 1e-30F;
    for (const float value : decoded(*type, encoded(*type, values))) EXPECT_EQ(value, 0.0F);
    values[0] = -std::numeric_limits<float>::max();
    values[1] = std::numeric_limits<float>::max();
    const std::vector<float> back = decoded(*type, encoded(*type, values));
    EXPECT_FALSE(std::isfinite(back[0]) && std::isfinite(back[1]));
  }
}

TEST(GgufEncode, TypesAreFoundByName) {
  EXPECT_EQ(find_gguf_type("q4_k")->id, 12u);
  EXPECT_EQ(find_gguf_type("Q4"), nullptr);
  EXPECT_EQ(writable_gguf_types(), "F32, F16, Q4_0, Q4_1, Q8_0, Q4_K, Q6_K, IQ4_NL, BF16");
}

}  // namespace
}  // namespace octet::gguf_encode_test
