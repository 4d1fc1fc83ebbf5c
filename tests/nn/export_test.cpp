// Exports are read again, by our own import where it can, else as the format's owner reads them:
// scripts/golden/export.py made the golden files.
#include <cmath>
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/read_file.h"
#include "io/safetensors.h"
#include "nn/export/compressed_tensors.h"
#include "nn/export/hugging_face.h"
#include "nn/export/pack_words.h"
#include "nn/import/import_model.h"
#include "nn/import/stored_part.h"
#include "nn/layers/quantized_layer.h"
#include "nn/layers/quantized_linear.h"
#include "tensor/formats/nibbles.h"
#include "tests/support/error_of.h"
#include "tests/support/random_codebook.h"
#include "tests/support/random_tensor.h"
#include "tests/support/relative_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_gpt.h"
#include "text/tokenizer_file.h"

namespace octet::export_test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const fs::path kGolden = OCTET_SOURCE_DIR "/tests/golden";

/// Of 23 tokens, as the tiny models.
Tokenizer tiny_tokenizer() {
  Vocabulary vocabulary = load_tokenizer(kGolden / "import/llama/tokenizer.json", MissingBytes::left_out).vocabulary();
  vocabulary.bos = 21;
  vocabulary.eos = 22;
  return Tokenizer(vocabulary);
}

std::vector<float> numbers(const Tensor& tensor) {
  return tensor.to_vector();
}

/// Puts a random weight of this format into every linear layer of the blocks whose path holds `part`.
template <typename Make>
void quantize_blocks(Gpt& model, const std::string& part, ActivationScheme activations, const Make& make) {
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (path.find(part) == std::string::npos || dynamic_cast<Linear*>(&slot.module()) == nullptr) return;
    slot.replace(quantized_layer(slot.module(), make(matrix_shape_of(slot.module())), activations));
  });
}

Codes some_codes(const Shape& shape, int bits, Granularity granularity, std::int64_t group = 0) {
  Codes codes{Tensor::zeros(shape, DType::i8), {}, bits, granularity, group};
  const Random random(7, static_cast<std::uint64_t>(shape[0]));
  const auto levels = static_cast<std::uint64_t>(codes.highest_code() - codes.lowest_code()) + 1;
  for (std::int64_t i = 0; i < codes.codes.elements(); ++i) {
    const auto level = static_cast<int>(random.below(static_cast<std::uint64_t>(i), levels));
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(codes.lowest_code() + level);
  }
  codes.scales = Tensor::full(scales_shape(shape[0], shape[1], granularity, group), 0.03125F);
  return codes;
}

AnyWeight int4_weight(const Shape& shape) {
  return Int4Weight(some_codes(shape, 4, Granularity::per_group, 4));
}
AnyWeight int8_weight(const Shape& shape) {
  return Int8Weight(some_codes(shape, 8, Granularity::per_channel));
}

struct Files {
  sample::TemporaryFolder folder;
  Exported exported;

  Json config() const { return Json::parse(read_text_file(folder.path() / kHfConfigFile)); }
  SafetensorsFile weights() const { return SafetensorsFile::read(folder.path() / kHfWeightsFile); }
};

void write_codes(Files& files, Gpt& model) {
  files.exported = export_compressed_tensors(files.folder.path(), model, tiny_tokenizer(), "test");
}

std::string refusal(Gpt& model) {
  Files files;
  const std::string message = error_of(ErrorKind::config, [&] { write_codes(files, model); });
  EXPECT_TRUE(fs::is_empty(files.folder.path())) << "nothing is written before all layers are known to fit";
  return message;
}

class ExportToHuggingFace : public testing::TestWithParam<std::pair<Architecture, bool>> {};

INSTANTIATE_TEST_SUITE_P(Shapes, ExportToHuggingFace,
                         testing::Values(std::pair{Architecture::gpt2, true}, std::pair{Architecture::gpt2, false},
                                         std::pair{Architecture::llama, true}, std::pair{Architecture::llama, false}));

TEST_P(ExportToHuggingFace, IsImportedAsTheSameModelBitForBit) {
  const auto [architecture, tied] = GetParam();
  GptConfig config = architecture == Architecture::llama ? tiny_llama() : tiny_gpt2();
  config.tied_head = tied;
  config.norm_epsilon = 3e-6;
  if (architecture == Architecture::llama) config.rope_theta = 500.0;
  Gpt model(config);
  fill_randomly(model, 5);
  Files files;
  const Tokenizer tokenizer = tiny_tokenizer();
  files.exported = export_hugging_face(files.folder.path(), model, tokenizer, "test");
  EXPECT_TRUE(files.exported.notes.empty());
  NullProgress silent;
  const ImportedModel imported = import_model(files.folder.path(), silent);
  const Tensor ids = random_ids(2, 11, 23, 3);
  EXPECT_EQ(numbers(imported.model->forward(ids)), numbers(model.forward(ids)));
  EXPECT_EQ(imported.tokenizer.vocabulary(), tokenizer.vocabulary());
  EXPECT_THAT(read_text_file(files.folder.path() / kHfTokenizerFile), Not(HasSubstr("octet")));
  EXPECT_EQ(imported.tensors.size(), files.exported.weights.size());
  EXPECT_EQ(files.weights().metadata().at(kExportedKey), "test");
}

TEST(ExportToHuggingFace, WritesBiasesAsTheModelThatHasThem) {
  const auto imported = [](bool qkv, bool output, bool mlp, const char* type) {
    GptConfig config = tiny_llama();
    config.qkv_bias = qkv;
    config.output_bias = output;
    config.mlp_bias = mlp;
    Gpt model(config);
    fill_randomly(model, 5);
    Files files;
    files.exported = export_hugging_face(files.folder.path(), model, tiny_tokenizer(), "test");
    EXPECT_EQ(files.config()["model_type"], type);
    NullProgress silent;
    const ImportedModel there = import_model(files.folder.path(), silent);
    const Tensor ids = random_ids(2, 11, 23, 3);
    EXPECT_EQ(numbers(there.model->forward(ids)), numbers(model.forward(ids)));
  };
  imported(true, false, false, "qwen2");
  imported(true, true, false, "llama");
  imported(false, false, true, "llama");
  EXPECT_THAT(error_of(ErrorKind::config, [&] { imported(true, false, true, ""); }),
              HasSubstr("--to hf: expected biases"));
  EXPECT_THAT(error_of(ErrorKind::config, [&] { imported(false, true, false, ""); }), HasSubstr("output_bias true"));
}

TEST(ExportToCompressedTensors, LeavesBiasesAsTheyAre) {
  GptConfig config = tiny_llama();
  config.qkv_bias = true;
  Gpt model(config);
  fill_randomly(model, 5);
  const std::vector<float> bias = numbers(dynamic_cast<Linear&>(*(*model.blocks)[1].attention->qkv).bias->value());
  quantize_blocks(model, "blocks.", Activations::weight_only, int8_weight);
  Files files;
  write_codes(files, model);
  const std::vector<float> key = numbers(files.weights().at("model.layers.1.self_attn.k_proj.bias"));
  EXPECT_EQ(key, std::vector<float>(bias.begin() + 16, bias.begin() + 24));
}

TEST(ExportToHuggingFace, WritesWhatQuantizedWeightsStandForAndSaysSo) {
  Gpt model(tiny_gpt2());
  fill_randomly(model, 5);
  quantize_blocks(model, "mlp.up", Activations::dynamic, int8_weight);
  Files files;
  files.exported = export_hugging_face(files.folder.path(), model, tiny_tokenizer(), "test");
  ASSERT_EQ(files.exported.notes.size(), 1u);
  EXPECT_THAT(files.exported.notes[0], HasSubstr("2 quantized weights"));
  const Tensor stored = files.weights().at("transformer.h.1.mlp.c_fc.weight");
  const Tensor expected = dequantize(int8_weight({20, 12}));
  for (std::int64_t row = 0; row < 20; ++row) {
    for (std::int64_t c = 0; c < 12; ++c) {
      ASSERT_EQ(stored.data<float>()[c * 20 + row], expected.data<float>()[row * 12 + c]);
    }
  }
}

/// A layer with a correction of rank 2 beside its codes.
void correct_one_layer(Gpt& model, const std::string& wanted) {
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (path != wanted) return;
    const Shape shape = matrix_shape_of(slot.module());
    const Tensor left = Tensor::full({shape[0], 2}, 0.5F), right = Tensor::full({2, shape[1]}, 0.25F);
    slot.replace(
        quantized_layer(slot.module(), int8_weight(shape), Activations::dynamic, LowRank::quantize(left, right)));
  });
}

TEST(ExportToHuggingFace, AddsALowRankCorrectionToTheWeight) {
  Gpt model(tiny_gpt2());
  fill_randomly(model, 5);
  correct_one_layer(model, "blocks.1.mlp.up");
  Files files;
  files.exported = export_hugging_face(files.folder.path(), model, tiny_tokenizer(), "test");
  const Tensor stored = files.weights().at("transformer.h.1.mlp.c_fc.weight"),
               codes = dequantize(int8_weight({20, 12}));
  EXPECT_EQ(stored.data<float>()[3 * 20 + 7], codes.data<float>()[7 * 12 + 3] + 0.25F);
}

TEST(StoredPart, ComesBackAsItWas) {
  const Tensor rows = random_tensor({12, 5}, 3);
  for (const SourcePart& part : {SourcePart{"a", {12, 5}}, SourcePart{"b", {5, 12}, StoredAs::columns},
                                 SourcePart{"c", {12, 5}, StoredAs::neighbour_pairs, 3}}) {
    Tensor back = Tensor::zeros(rows.shape());
    const Tensor stored = stored_from_rows(rows, part);
    EXPECT_EQ(copy_to_rows(stored, part, back.data<float>()), 60);
    EXPECT_EQ(numbers(back), numbers(rows)) << part.name;
    EXPECT_EQ(numbers(stored) == numbers(rows), part.stored == StoredAs::rows) << part.name;
  }
}

TEST(PackWords, PacksAsTheOwnerDoes) {
  const SafetensorsFile golden = SafetensorsFile::read(kGolden / "export/compressed_tensors.safetensors");
  for (const int bits : {4, 8}) {
    const Tensor& expected = golden.at(fmt::format("odd/words{}", bits));
    const Tensor words = pack_words(golden.at("odd/codes"), bits);
    ASSERT_EQ(words.shape(), expected.shape());
    EXPECT_TRUE(std::ranges::equal(words.span<std::int32_t>(), expected.span<std::int32_t>())) << bits;
  }
}

TEST(ExportToCompressedTensors, HasTheTensorsAndTheConfigurationOfItsOwner) {
  const SafetensorsFile golden = SafetensorsFile::read(kGolden / "export/compressed_tensors.safetensors");
  Gpt model(tiny_llama());
  fill_randomly(model, 5);
  const Codes qkv{golden.at("qkv/codes"), golden.at("qkv/scales"), 4, Granularity::per_group, 4};
  quantize_blocks(model, "blocks.", Activations::weight_only, int4_weight);
  model.blocks->operator[](0).attention->qkv.replace(
      std::make_unique<QuantizedLinear>(Int4Weight(qkv), false, Activations::weight_only));
  Files files;
  write_codes(files, model);
  const SafetensorsFile weights = files.weights();
  for (const std::string name : {"q_proj", "k_proj", "v_proj"}) {
    const std::string ours = "model.layers.0.self_attn." + name;
    const auto expect_equal = [&]<typename T>(const char* suffix, T) {
      const Tensor &got = weights.at(ours + suffix), &expected = golden.at(name + suffix);
      ASSERT_EQ(got.shape(), expected.shape()) << name << suffix;
      EXPECT_TRUE(std::ranges::equal(got.span<T>(), expected.span<T>())) << name << suffix;
    };
    expect_equal(".weight_packed", std::int32_t{});
    expect_equal(".weight_scale", float{});
    expect_equal(".weight_shape", std::int64_t{});
  }
  Json expected = Json::parse(read_text_file(kGolden / "export/w4a16.json"));
  expected.erase("moe_sparsity_config");
  EXPECT_EQ(files.config()["quantization_config"], expected);
  EXPECT_EQ(files.exported.weights[2].to, "pack-quantized int4 group 4");
  EXPECT_EQ(files.exported.weights[2].error, 0);
  EXPECT_EQ(numbers(weights.at("lm_head.weight")), numbers((*model.head)->parameters()[0].parameter->value()));
}

TEST(ExportToCompressedTensors, KeepsRowsOfInt8AndNamesTheActivations) {
  GptConfig tied = tiny_llama();
  tied.tied_head = true;
  Gpt model(tied);
  quantize_blocks(model, "blocks.", Activations::dynamic, int8_weight);
  Files files;
  write_codes(files, model);
  const Tensor key = files.weights().at("model.layers.1.self_attn.k_proj.weight");
  const Tensor codes = some_codes({32, 16}, 8, Granularity::per_channel).codes;  // of q, k and v
  EXPECT_TRUE(std::ranges::equal(key.span<std::int8_t>(), codes.span<std::int8_t>().subspan(16 * 16, 8 * 16)));
  EXPECT_EQ(files.weights().at("model.layers.1.self_attn.k_proj.weight_scale").shape(), (Shape{8, 1}));
  Json expected = Json::parse(read_text_file(kGolden / "export/w8a8.json"));
  expected.erase("moe_sparsity_config");
  EXPECT_EQ(files.config()["quantization_config"], expected);
  EXPECT_THAT(files.exported.notes, ElementsAre(HasSubstr("127.5")));
}

TEST(ExportToCompressedTensors, GivesEachSchemeItsOwnLayers) {
  Gpt model(tiny_llama());
  fill_randomly(model, 5);
  quantize_blocks(model, "attention.", ActivationScheme::fixed(0.25F, -3), int8_weight);
  quantize_blocks(model, "1.mlp.", ActivationScheme::split(6.0F), int4_weight);
  Files files;
  write_codes(files, model);
  const Json config = files.config()["quantization_config"];
  EXPECT_EQ(config["format"], "mixed-precision");
  EXPECT_EQ(config["config_groups"]["group_0"]["targets"].size(), 8u);
  EXPECT_EQ(config["config_groups"]["group_0"]["input_activations"]["symmetric"], false);
  EXPECT_EQ(config["config_groups"]["group_1"]["targets"],
            Json({"model.layers.1.mlp.gate_proj", "model.layers.1.mlp.up_proj", "model.layers.1.mlp.down_proj"}));
  EXPECT_EQ(config["ignore"], Json({"model.layers.0.mlp.gate_proj", "model.layers.0.mlp.up_proj",
                                    "model.layers.0.mlp.down_proj", "lm_head"}));
  const SafetensorsFile weights = files.weights();
  EXPECT_EQ(numbers(weights.at("model.layers.0.self_attn.v_proj.input_scale")), std::vector<float>{0.25F});
  EXPECT_EQ(weights.at("model.layers.0.self_attn.v_proj.input_zero_point").data<std::int8_t>()[0], -3);
  EXPECT_THAT(files.exported.notes, ElementsAre(HasSubstr("outlier columns")));
}

TEST(ExportToCompressedTensors, RoundsAnewWhatHasNoCodesAndSaysByHowMuch) {
  constexpr double kMoved = 0.02;  // measured 0.005
  Gpt model(tiny_llama());
  quantize_blocks(model, "blocks.", Activations::weight_only,
                  [](const Shape& shape) { return random_codebook(Codebook::nf4, shape[0], shape[1], 5); });
  Files files;
  write_codes(files, model);
  const ExportedWeight& query = files.exported.weights[2];
  EXPECT_EQ(query.to, "int-quantized int8 channel");
  EXPECT_GT(query.error, 0);
  EXPECT_LT(query.error, kMoved);
  EXPECT_THAT(files.exported.notes, ElementsAre(HasSubstr("14 weights have no form there")));
  const Tensor expected = dequantize(AnyWeight(random_codebook(Codebook::nf4, 16, 20, 5)));
  const SafetensorsFile weights = files.weights();
  const Tensor &codes = weights.at("model.layers.0.mlp.down_proj.weight"),
               &scales = weights.at("model.layers.0.mlp.down_proj.weight_scale");
  for (std::int64_t i = 0; i < codes.elements(); ++i) {
    const float scale = scales.data<float>()[i / 20];
    ASSERT_NEAR(scale * codes.data<std::int8_t>()[i], expected.data<float>()[i], 0.5001F * scale) << i;
  }
}

TEST(ExportToCompressedTensors, RefusesWhatItsOwnerCannotHold) {
  Gpt gpt2(tiny_gpt2());
  quantize_blocks(gpt2, "blocks.", Activations::weight_only, int8_weight);
  EXPECT_THAT(refusal(gpt2), HasSubstr("Conv1D"));
  Gpt plain(tiny_llama());
  EXPECT_THAT(refusal(plain), HasSubstr("expected layers with int8 or int4 codes, got none"));
  Gpt corrected(tiny_llama());
  correct_one_layer(corrected, "blocks.0.mlp.down");
  EXPECT_THAT(refusal(corrected),
              HasSubstr("layer \"blocks.0.mlp.down\": it has no place for a low-rank correction, got one of rank 2"));
  Gpt ragged(tiny_llama());
  quantize_blocks(ragged, "mlp.down", Activations::weight_only, [](const Shape& shape) {
    return AnyWeight(Int4Weight(some_codes(shape, 4, Granularity::per_group, 8)));
  });
  EXPECT_THAT(refusal(ragged), HasSubstr("layer \"blocks.0.mlp.down\": it has only whole groups, expected rows of a "
                                         "multiple of 8, got 20 columns"));
}

}  // namespace
}  // namespace octet::export_test
