// The whole program on the simulated GPU of tensor/cuda_simulator/.

#include <nlohmann/json.hpp>

#include "tensor/backend.h"
#include "tests/cli/cli_sample.h"

namespace octet::sample::cuda_cli_test {
namespace {

constexpr const char* kSmallConfig = R"(name: t
device: cuda
corpus: {path: text.txt}
model: {vocabulary: 257, context: 16, width: 16, layers: 1, heads: 2, hidden: 24}
train: {steps: 2, batch: 2, eval_every: 2, save_every: 2, eval_tokens: 32}
quantize:
  - {name: int8, bits: 8, activations: static, calibration: {windows: 2}}
  - {name: int4, bits: 4, granularity: per_group, group: 8, symmetric: false}
eval:
  max_windows: 2
  outlier_windows: 1
  speed: {prompt_tokens: 8, decode_tokens: 2, warmups: 0, repetitions: 1}
  bootstrap: {resamples: 100}
  sampling: {max_tokens: 4}
)";

TEST(Cuda, ARunOnTheGpuEndsWithAReport) {
  const Workplace place;
  write_file_atomically(place.path() / "small.yaml", kSmallConfig);
  const auto octet = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--threads", "1", "--quiet"});
    return run_program(OCTET_SIMULATED_BINARY, place.path().string(), arguments, {});
  };
  const ProcessResult run = octet({"run", "small.yaml", "--out", "r"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto report = nlohmann::json::parse(read_text_file(place.path() / "r/report.json"));
  EXPECT_EQ(report.at("machine").at("backend"), "cuda");
  EXPECT_NE(report.at("machine").at("gpu"), "");
  EXPECT_EQ(report.at("models").size(), 3u);

  const ProcessResult verify = octet({"verify", "r/quantized/int8", "--rows", "3"});
  EXPECT_EQ(verify.code, 0) << verify.err;
  EXPECT_THAT(verify.out, testing::HasSubstr("cuda"));
  EXPECT_THAT(verify.out, testing::HasSubstr("all int32 sums equal"));

  const ProcessResult text = octet({"generate", "r/quantized/int4", "--prompt", "The", "--tokens", "3"});
  const ProcessResult there =
      octet({"generate", "r/quantized/int4", "--prompt", "The", "--tokens", "3", "--device", "cuda"});
  EXPECT_EQ(there.code, 0) << there.err;
  EXPECT_EQ(there.out, text.out);
}

// Which backends there are, and what those that cannot run lack.
TEST(Cuda, TheVersionListsEveryBackend) {
  const Workplace place;
  const ProcessResult simulated = run_program(OCTET_SIMULATED_BINARY, place.path().string(), {"--version"}, {});
  EXPECT_EQ(simulated.code, 0) << simulated.err;
  EXPECT_THAT(simulated.out, testing::HasSubstr("cpu-generic"));
  EXPECT_THAT(simulated.out, testing::Not(testing::HasSubstr("cuda            NVIDIA GPU; not available")));
  EXPECT_THAT(simulated.out, testing::HasSubstr("cuda            NVIDIA GPU"));
  if (const Backend& cuda = all_backends().front(); !cuda.supported()) {
    EXPECT_THAT(place.octet({"--version"}).out, testing::HasSubstr("not available: " + cuda.missing()));
  }
}

}  // namespace
}  // namespace octet::sample::cuda_cli_test
