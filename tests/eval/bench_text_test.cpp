#include "eval/speed/bench_text.h"

#include <limits>
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace octet::bench_text_test {
namespace {

BenchReport made_up() {
  BenchReport report;
  report.machine = {.peak_fp32_gflops = 388.4,
                    .peak_int8_gops = 1504,
                    .read_gbps = 33.6,
                    .threads = 2,
                    .isa = "AVX-512 with VNNI integer products",
                    .backend = "cpu-avx512vnni"};
  report.rows.push_back({.model = "llama-97m",
                         .parameters = 97'536'768,
                         .bytes = 390'147'072,
                         .format = "fp32",
                         .test = "pp512",
                         .tokens_per_s = 1572.254,
                         .tokens_per_s_std = 3.1,
                         .speedup = 1,
                         .bytes_per_token = 786'432,
                         .gbps = 1.24,
                         .gops = 281.9,
                         .limit = "fp32 388 GFLOP/s",
                         .share_of_limit = 0.726});
  report.rows.push_back({.model = "llama-97m",
                         .parameters = 97'536'768,
                         .bytes = 98'000'000,
                         .format = "int8",
                         .test = "tg128 @ d2048",
                         .tokens_per_s = 322,
                         .tokens_per_s_std = 0,
                         .speedup = std::numeric_limits<double>::quiet_NaN(),
                         .bytes_per_token = 94e6,
                         .gbps = 30.3,
                         .gops = 59.2,
                         .limit = "read 51.4 GB/s",
                         .share_of_limit = 0.59});
  return report;
}

TEST(BenchTable, HasTheFormOfLlamaBenchWithNumbersToTheRight) {
  const std::string table = bench_table(made_up());
  const std::string expected =
      "| model          |     size | params |        backend | threads |          test |            t/s | speedup | "
      "bytes/token | GB/s | GOP/s |            limit | of limit |\n"
      "| -------------- | -------: | -----: | -------------: | ------: | ------------: | -------------: | ------: | "
      "----------: | ---: | ----: | ---------------: | -------: |\n"
      "| llama-97m fp32 |  372 MiB |  97.5M | cpu-avx512vnni |       2 |         pp512 | 1572.25 ± 3.10 |   1.00× | "
      "    768 KiB |  1.2 | 281.9 | fp32 388 GFLOP/s |     73 % |\n"
      "| llama-97m int8 | 93.5 MiB |  97.5M | cpu-avx512vnni |       2 | tg128 @ d2048 |  322.00 ± 0.00 |     n/a | "
      "   89.6 MiB | 30.3 |  59.2 |   read 51.4 GB/s |     59 % |\n";
  EXPECT_EQ(table.substr(0, expected.size()), expected);
  EXPECT_THAT(table, testing::HasSubstr("fp32 388 GFLOP/s,\nint8 1504 GOP/s, read 33.6 GB/s"));
}

TEST(BenchJson, HasTheKeysThatScriptsRead) {
  const auto json = nlohmann::json::parse(bench_json(made_up()));
  EXPECT_EQ(json.at("machine").at("peak_fp32_gflops"), 388.4);
  EXPECT_EQ(json.at("machine").at("peak_int8_gops"), 1504);
  EXPECT_EQ(json.at("machine").at("read_gbps"), 33.6);
  EXPECT_EQ(json.at("machine").at("threads"), 2);
  EXPECT_EQ(json.at("machine").at("isa"), "AVX-512 with VNNI integer products");
  ASSERT_EQ(json.at("rows").size(), 2U);
  const auto& row = json.at("rows").at(0);
  EXPECT_EQ(row.at("model"), "llama-97m");
  EXPECT_EQ(row.at("parameters"), 97'536'768);
  EXPECT_EQ(row.at("format"), "fp32");
  EXPECT_EQ(row.at("test"), "pp512");
  EXPECT_EQ(row.at("tokens_per_s"), 1572.254);
  EXPECT_EQ(row.at("speedup"), 1.0);
  EXPECT_EQ(row.at("gbps"), 1.24);
  EXPECT_EQ(row.at("gops"), 281.9);
  EXPECT_EQ(row.at("share_of_limit"), 0.726);
  EXPECT_TRUE(json.at("rows").at(1).at("speedup").is_null());
}

}  // namespace
}  // namespace octet::bench_text_test
