// Models stored as other programs store them: scripts/golden/foreign_models.py makes the files, and the logits are
// those of Hugging Face transformers in double precision (scripts/golden/gpt.py).
#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "nn/import/import_model.h"
#include "tests/support/relative_error.h"

namespace octet::import_golden_test {
namespace {

const std::string kGolden = OCTET_SOURCE_DIR "/tests/golden/";

// On |got - expected| / largest |expected|, as in gpt_golden_test.cpp: FP32 against double.
constexpr double kLogits = 3e-6;  // measured 6.3e-7

struct Source {
  const char* path;
  const char* logits;
};

class GoldenImport : public testing::TestWithParam<Source> {};

INSTANTIATE_TEST_SUITE_P(Sources, GoldenImport,
                         testing::Values(Source{"llama", "llama"}, Source{"gpt2", "gpt2"},
                                         Source{"llama.gguf", "llama"}, Source{"gpt2.gguf", "gpt2"},
                                         Source{"../parts/llama-00002-of-00003.gguf", "llama"}));

TEST_P(GoldenImport, HasTheLogitsOfTheProgramThatOwnsTheFormat) {
  NullProgress silent;
  const ImportedModel imported = import_model(kGolden + "import/" + GetParam().path, silent);
  const SafetensorsFile golden = SafetensorsFile::read(kGolden + GetParam().logits + ".safetensors");
  EXPECT_LE(relative_error(imported.model->forward(golden.at("ids")), golden.at("logits")), kLogits);
  for (const auto& [name, parameter] : imported.model->parameters()) {
    EXPECT_EQ(parameter->value().to_vector(), golden.at("weight/" + name).to_vector()) << name;
  }
}

// Layers with biases: scripts/golden/biased_models.py.
class GoldenBiasedImport : public testing::TestWithParam<Source> {};

INSTANTIATE_TEST_SUITE_P(Sources, GoldenBiasedImport,
                         testing::Values(Source{"qwen2", "qwen2"}, Source{"llama", "llama"},
                                         Source{"qwen2.gguf", "qwen2"}, Source{"llama.gguf", "llama"}));

TEST_P(GoldenBiasedImport, HasTheLogitsOfTheProgramThatOwnsTheFormat) {
  NullProgress silent;
  const ImportedModel imported = import_model(kGolden + "biased/" + GetParam().path, silent);
  const SafetensorsFile golden = SafetensorsFile::read(kGolden + "biased/" + GetParam().logits + ".safetensors");
  EXPECT_LE(relative_error(imported.model->forward(golden.at("ids")), golden.at("logits")), kLogits);
  const GptConfig& config = imported.model->config();
  EXPECT_TRUE(config.qkv_bias);
  EXPECT_EQ(config.output_bias, GetParam().logits == std::string("llama"));
  EXPECT_EQ(config.mlp_bias, config.output_bias);
  EXPECT_EQ(imported.tokenizer.vocabulary().nfc, GetParam().path == std::string("qwen2"));
}

TEST_P(GoldenImport, HasTheTokenizer) {
  NullProgress silent;
  const Tokenizer tokenizer = import_model(kGolden + "import/" + GetParam().path, silent).tokenizer;
  EXPECT_EQ(tokenizer.encode("abcab a"), (std::vector<std::int32_t>{19, 18, 20}));
  EXPECT_EQ(tokenizer.token(*tokenizer.end_of_text()), "<|endoftext|>");
  EXPECT_EQ(tokenizer.encode("zaz"), (std::vector<std::int32_t>{0})) << "bytes without a token are left out";
}

}  // namespace
}  // namespace octet::import_golden_test
