#include "eval/size.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "nn/model_file.h"
#include "tests/eval/tiny_models.h"

namespace octet {
namespace {

class MeasureSize : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("size_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(MeasureSize, AnFp32ModelTakes32BitsPerWeight) {
  Gpt model(tiny_config(Architecture::gpt2));
  initialize(model, 1);
  save_model(folder_, model);
  const ModelSize size = measure_size(folder_);
  EXPECT_EQ(size.file_bytes, static_cast<std::int64_t>(std::filesystem::file_size(folder_ / kModelWeightsFile)));
  EXPECT_EQ(size.parameters, model.parameter_count());
  EXPECT_EQ(size.bits_per_weight(), 32.0);
  EXPECT_EQ(size.codes, 0);
  EXPECT_EQ(size.scales, 0);
  EXPECT_EQ(size.embeddings, 4 * (23 + 16) * 12);
  EXPECT_EQ(size.embeddings + size.unquantized + size.header, size.file_bytes);
  EXPECT_EQ(size.decode_bytes, 4 * (size.parameters - 16 * 12)) << "all but the table of positions";
}

TEST_F(MeasureSize, SplitsAQuantizedFile) {
  GptConfig config = tiny_config(Architecture::llama);
  config.tied_head = false;
  Gpt model(config);
  initialize(model, 1);
  save_model(folder_, model);
  // The weights of another format under the same configuration.
  const std::vector<NamedTensor> tensors = {{"embedding.weight.codes", Tensor::zeros({23, 12}, DType::i8)},
                                            {"embedding.weight.scales", Tensor::zeros({23})},
                                            {"blocks.0.mlp.up.weight.nibbles", Tensor::zeros({20, 6}, DType::u8)},
                                            {"blocks.0.mlp.up.weight.scales", Tensor::zeros({20}, DType::f16)},
                                            {"norm.gain", Tensor::zeros({12})}};
  write_safetensors(folder_ / kModelWeightsFile, tensors);
  const ModelSize size = measure_size(folder_);
  EXPECT_EQ(size.embeddings, 23 * 12 + 4 * 23);
  EXPECT_EQ(size.codes, 20 * 6);
  EXPECT_EQ(size.scales, 2 * 20);
  EXPECT_EQ(size.unquantized, 4 * 12);
  EXPECT_EQ(size.codes + size.scales + size.embeddings + size.unquantized + size.header, size.file_bytes);
  EXPECT_EQ(size.decode_bytes, size.codes + size.scales + size.unquantized) << "the embedding is only looked up";
  EXPECT_EQ(size.parameters, model.parameter_count());
}

TEST_F(MeasureSize, NamesAMissingOrTruncatedFile) {
  EXPECT_THROW(measure_size(folder_), Error);
  Gpt model(tiny_config(Architecture::llama));
  initialize(model, 1);
  save_model(folder_, model);
  std::filesystem::resize_file(folder_ / kModelWeightsFile, 500);
  try {
    measure_size(folder_);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_THAT(error.what(), testing::HasSubstr(kModelWeightsFile));
  }
}

}  // namespace
}  // namespace octet
