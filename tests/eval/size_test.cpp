#include "eval/speed/size.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/files/quantized_file.h"
#include "quant/apply_recipe.h"
#include "tests/eval/tiny_models.h"

namespace octet::size_test {
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
}

TEST_F(MeasureSize, SplitsAQuantizedFile) {
  GptConfig config = tiny_config(Architecture::llama);
  config.tied_head = false;
  Gpt model(config);
  initialize(model, 1);
  Recipe recipe;
  recipe.weights.bits = 4;
  recipe.weights.granularity = Granularity::per_group;
  recipe.weights.group = 8;
  recipe.keep_fp32 = {"blocks.1.mlp.down"};
  const Coverage coverage = apply_recipe(model, recipe);
  save_any_model(folder_, model);
  const ModelSize size = measure_size(folder_);
  const std::int64_t rows = 2 * (36 + 12 + 20 + 20 + 12) - 12 + 23;  // of quantized matrices but the embedding
  const std::int64_t columns_12 = rows - 12;                         // all but blocks.0.mlp.down, which has 20
  EXPECT_EQ(size.codes, columns_12 * 6 + 12 * 10);
  EXPECT_EQ(size.scales, 2 * (columns_12 * 2 + 12 * 3)) << "groups of 8: ragged last ones count";
  EXPECT_EQ(size.embeddings, 23 * 6 + 2 * 23 * 2);
  EXPECT_EQ(size.unquantized, 4 * (12 * 20 + 5 * 12)) << "one layer and five norms";
  EXPECT_EQ(size.codes + size.scales + size.embeddings + size.unquantized, coverage.bytes());
  EXPECT_EQ(size.file_bytes - size.header, coverage.bytes());
  EXPECT_EQ(size.bits_per_weight(), coverage.bits_per_weight());
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
}  // namespace octet::size_test
