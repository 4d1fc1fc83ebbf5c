#include "tensor/formats/rans.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "tests/support/error_of.h"

namespace octet::rans_test {
namespace {

using Codes8 = std::vector<std::int8_t>;

Codes8 decoded(const std::vector<std::uint8_t>& bytes, std::size_t count) {
  Codes8 codes(count);
  EXPECT_TRUE(rans_decode(bytes, codes).empty());
  return codes;
}

/// Bits per code below which no code for single symbols gets: sum of -p log2 p.
double entropy(const Codes8& codes) {
  std::map<int, double> counts;
  for (const int code : codes) {
    ++counts[code];
  }
  double bits = 0;
  for (const auto& [code, count] : counts) {
    const double share = count / static_cast<double>(codes.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

/// What a number from 0 to 1 and a standard normal number become.
using Draw = std::function<double(double uniform, double normal)>;

Codes8 codes_by(std::size_t count, std::uint64_t seed, const Draw& draw) {
  const Random uniforms(seed, 0), normals(seed, 1);
  Codes8 codes;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = draw(static_cast<double>(uniforms.uniform(i)), static_cast<double>(normals.normal(i)));
    codes.push_back(static_cast<std::int8_t>(std::lround(std::clamp(x, -128.0, 127.0))));
  }
  return codes;
}

struct Source {
  const char* name;
  Draw draw;
};

std::vector<Source> sources() {
  std::vector<Source> list = {
      {"one code", [](double, double) { return -128; }},
      {"two codes", [](double u, double) { return u < 0.5 ? -127 : 127; }},
      {"a rare code", [](double u, double) { return u < 1e-3 ? 1 : 0; }},
      {"all codes alike", [](double u, double) { return 256 * u - 128.5; }},
      {"geometric", [](double u, double) { return std::floor(-2 * std::log(1e-9 + u)); }},
  };
  for (const double step : {0.1, 0.26, 0.52, 1.04, 3.0}) {
    list.push_back({"normal", [step](double, double z) { return z / step; }});
  }
  return list;
}

TEST(Rans, GivesBackAnyCodes) {
  for (const Source& source : sources()) {
    for (const std::size_t count : {1U, 2U, 3U, 17U, 1000U, 50'000U}) {
      const Codes8 codes = codes_by(count, count, source.draw);
      EXPECT_EQ(decoded(rans_encode(codes), count), codes) << source.name << " " << count;
    }
  }
  EXPECT_TRUE(rans_encode({}).empty());
  EXPECT_TRUE(decoded({}, 0).empty());
}

TEST(Rans, TakesTheEntropyAndOnePercent) {
  constexpr std::size_t kCount = 1 << 18;
  for (const Source& source : sources()) {
    const Codes8 codes = codes_by(kCount, 1, source.draw);
    const double least = entropy(codes) * kCount / 8;
    const auto bytes = static_cast<double>(rans_encode(codes).size());
    EXPECT_GE(bytes, least) << source.name;
    constexpr double kTable = 2 * 256 + 6;  // at most two bytes for a code, and the state
    EXPECT_LE(bytes, 1.01 * least + (least > 100 * kTable ? 0 : kTable)) << source.name;
  }
}

// What four codes become was worked out on paper by the formulas of the header.
TEST(Rans, FollowsItsFormulas) {
  const Codes8 codes = {5, 5, 6, 5};  // f = 12288 and 4096 of 16384
  std::uint64_t x = 1 << 23;
  for (const int code : {5, 6, 5, 5}) {  // from the last
    const std::uint64_t f = code == 5 ? 12288 : 4096, below = code == 5 ? 0 : 12288;
    x = x / f * 16384 + below + x % f;
  }
  ASSERT_LT(x, 1U << 31);  // so nothing went out
  std::vector<std::uint8_t> expected = {5, 6, 12288 % 128 + 128, 12288 / 128, 4096 % 128 + 128, 4096 / 128};
  for (int shift = 0; shift < 32; shift += 8) {
    expected.push_back(static_cast<std::uint8_t>(x >> shift));
  }
  EXPECT_EQ(rans_encode(codes), expected);
}

TEST(Rans, RefusesWhatIsNoStreamOfThatManyCodes) {
  const Codes8 codes = codes_by(500, 3, sources()[5].draw);
  const std::vector<std::uint8_t> good = rans_encode(codes);
  const auto refuses = [](std::vector<std::uint8_t> bytes, std::size_t count, const char* message) {
    EXPECT_THAT(error_of(ErrorKind::input, [&] { decoded(bytes, count); }), testing::HasSubstr(message));
  };
  refuses({}, 1, "got 0 bytes, which end too soon");
  refuses({3, 2}, 1, "in ascending order, got 3 to 2");
  refuses({0, 1, 1, 2}, 1, "with the sum 16384, got 3");
  refuses({0, 1, 0x80, 0x80, 0x02, 1}, 1, "with the sum 16384, got more");
  refuses({0, 1, 0x80, 0x80, 0x80, 0x01, 1}, 1, "with the sum 16384, got more");
  refuses({0, 1, 0x80, 0x80, 0x01, 0, 1, 0, 0x80, 0}, 1, "end in the state 8388608, got 8388609");
  for (std::size_t kept = 0; kept < good.size(); ++kept) {
    refuses({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(kept)}, codes.size(), "too soon");
  }
  refuses(good, codes.size() + 1, "expected");
  refuses(good, codes.size() - 1, "end in the state");
}

TEST(Rans, LeavesWhatFollows) {
  const Codes8 codes = codes_by(500, 3, sources()[5].draw);
  std::vector<std::uint8_t> bytes = rans_encode(codes);
  bytes.insert(bytes.end(), {1, 2, 3});
  Codes8 read(codes.size());
  EXPECT_THAT(rans_decode(bytes, read), testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(read, codes);
}

// A changed bit is found by the state at the end. Measured: 1 of 1,568 is not.
TEST(Rans, FindsNearlyEveryChangedBit) {
  const Codes8 codes = codes_by(300, 4, sources()[6].draw);
  const std::vector<std::uint8_t> good = rans_encode(codes);
  int unseen = 0;
  for (std::size_t i = 0; i < 8 * good.size(); ++i) {
    std::vector<std::uint8_t> bad = good;
    bad[i / 8] ^= static_cast<std::uint8_t>(1 << i % 8);
    unseen += error_of([&] { decoded(bad, codes.size()); }) == "no error";
  }
  EXPECT_LE(unseen, 2);
}

}  // namespace
}  // namespace octet::rans_test
