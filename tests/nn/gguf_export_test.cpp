#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/gguf.h"
#include "io/gguf_writer.h"
#include "nn/export/gguf.h"
#include "nn/import/gguf_blocks.h"
#include "nn/import/import_model.h"
#include "nn/layers/quantized_layer.h"
#include "tests/support/error_of.h"
#include "tests/support/random_codebook.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_gpt.h"
#include "text/token_lists.h"

namespace octet::gguf_export_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kGolden = OCTET_SOURCE_DIR "/tests/golden/import";

/// A llama with rows of 64 and 96 values, and a tokenizer for it.
struct Sample {
  Sample() : model(config()), tokenizer(vocabulary()) { fill_randomly(model, 5); }

  static GptConfig config() {
    GptConfig config = tiny_llama();
    config.width = 64;
    config.hidden = 96;
    config.tied_head = true;
    return config;
  }
  static Vocabulary vocabulary() {
    TokenLists lists{.tokens = {}, .types = {}, .merges = {}, .pattern = "gpt-2", .bos = {}, .adds_bos = {}};
    for (int i = 0; i < 23; ++i) lists.tokens.emplace_back(1, static_cast<char>('a' + i));
    return vocabulary_from_lists(lists, "sample");
  }

  /// Puts `make(rows, columns)` in place of the weight of a layer.
  template <typename Make>
  void replace(const std::string& layer, const Make& make, Activations activations = Activations::weight_only) {
    model.for_each_child([&](const std::string& path, ChildSlot& slot) {
      if (path != layer) return;
      const Shape shape = matrix_shape_of(slot.module());
      slot.replace(quantized_layer(slot.module(), make(shape[0], shape[1]), activations));
    });
  }

  Gpt model;
  Tokenizer tokenizer;
};

Codes codes(std::int64_t rows, std::int64_t columns, int bits, std::int64_t group, bool with_minimum = false) {
  const Granularity granularity = group == 0 ? Granularity::per_channel : Granularity::per_group;
  const Shape scales = scales_shape(rows, columns, granularity, group);
  Codes codes{Tensor::empty({rows, columns}, DType::i8), Tensor::full(scales, 0x1p-5F), bits, granularity, group};
  if (with_minimum) codes.minimums = Tensor::full(scales, -0.25F);
  const Random random(4);
  for (std::int64_t i = 0; i < codes.codes.elements(); ++i) {
    const int span = codes.highest_code() - codes.lowest_code() + 1;
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(
        codes.lowest_code() +
        static_cast<int>(random.below(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(span))));
  }
  return codes;
}

auto int4(std::int64_t group, bool with_minimum = false) {
  return [=](std::int64_t r, std::int64_t c) -> AnyWeight { return Int4Weight(codes(r, c, 4, group, with_minimum)); };
}
AnyWeight int8_of_any_scale(std::int64_t r, std::int64_t c) {
  Codes all = codes(r, c, 8, 0);
  for (float& scale : all.scales.span<float>()) scale = 0.0123456F;
  return Int8Weight(all);
}
auto codebook(Codebook book, std::int64_t block) {
  return [=](std::int64_t r, std::int64_t c) -> AnyWeight { return random_codebook(book, r, c, block); };
}

class GgufExport : public testing::Test {
 protected:
  fs::path path() const { return folder_.path() / "m.gguf"; }
  Exported write(Sample& sample, const char* type = nullptr) const {
    return export_gguf(path(), sample.model, sample.tokenizer,
                       {.type = type == nullptr ? nullptr : find_gguf_type(type), .name = "m", .made_by = "octet"},
                       silent_);
  }
  ImportedModel read(const ImportOptions& options = {}) const { return import_model(path(), silent_, options); }
  /// Writes the file again with another type for one of its tensors.
  void change_type(const std::string& name, const char* type) const {
    const GgufFile before(path());
    std::vector<GgufEntry> entries;
    std::vector<std::vector<std::uint8_t>> data;
    for (const GgufTensor& tensor : before.tensors()) {
      const bool changed = tensor.name == name;
      entries.push_back({tensor.name, tensor.shape, changed ? find_gguf_type(type) : tensor.type});
      data.push_back(changed ? blocks_of_values(before.read(tensor), *find_gguf_type(type)).bytes
                             : before.read_bytes(tensor));
    }
    GgufKeys keys;
    for (const auto& [key, value] : before.values()) {
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        keys.emplace_back(key, static_cast<std::uint32_t>(*number));
      } else if (const auto* real = std::get_if<double>(&value)) {
        keys.emplace_back(key, static_cast<float>(*real));
      } else if (const auto* flag = std::get_if<bool>(&value)) {
        keys.emplace_back(key, *flag);
      } else if (const auto* text = std::get_if<std::string>(&value)) {
        keys.emplace_back(key, *text);
      } else if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
        keys.emplace_back(key, *texts);
      }
    }
    GgufWriter writer(path(), keys, entries);
    for (const auto& bytes : data) writer.append(bytes);
    writer.commit();
  }
  /// "tensor: type" of all but vectors.
  std::map<std::string, std::string> types() const {
    std::map<std::string, std::string> types;
    const GgufFile file(path());
    for (const GgufTensor& tensor : file.tensors()) {
      if (tensor.shape.rank() == 2) types[tensor.name] = tensor.type->name;
    }
    return types;
  }

  mutable NullProgress silent_;

 private:
  sample::TemporaryFolder folder_;
};

/// The weights of all layers and parameters.
std::map<std::string, std::vector<float>> values_of(Gpt& model) {
  std::map<std::string, std::vector<float>> values;
  for (const auto& [name, parameter] : model.parameters()) values[name] = parameter->value().to_vector();
  model.for_each_child([&](const std::string& name, ChildSlot& slot) {
    const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
    if (matrix != nullptr) values[name + ".weight"] = dequantize(matrix->weight()).to_vector();
  });
  return values;
}

TEST_F(GgufExport, AnImportedFileBecomesTheSameFile) {
  for (const char* name : {"llama.gguf", "gpt2.gguf", "../biased/llama.gguf", "../biased/qwen2.gguf"}) {
    SCOPED_TRACE(name);
    const ImportedModel imported = import_model(kGolden / name, silent_);
    const Exported exported = export_gguf(path(), *imported.model, imported.tokenizer, {}, silent_);
    EXPECT_THAT(exported.notes, ElementsAre());
    const GgufFile before(kGolden / name), after(path());
    for (const auto& [key, value] : before.values()) {
      if (key.starts_with("general.")) continue;
      EXPECT_EQ(after.values().at(key), value) << key;
    }
    std::map<std::string, std::vector<float>> expected, found;
    for (const GgufTensor& tensor : before.tensors()) expected[tensor.name] = before.read(tensor).to_vector();
    for (const GgufTensor& tensor : after.tensors()) found[tensor.name] = after.read(tensor).to_vector();
    EXPECT_EQ(found, expected);
  }
}

TEST_F(GgufExport, AModelWithoutATokenThatBeginsTextsComesBackWithoutOne) {
  ImportedModel imported = import_model(kGolden / "llama.gguf", silent_);
  Vocabulary vocabulary = imported.tokenizer.vocabulary();
  for (const std::optional<std::int32_t> bos : {vocabulary.bos, std::optional<std::int32_t>()}) {
    vocabulary.bos = bos;
    export_gguf(path(), *imported.model, Tokenizer(vocabulary), {}, silent_);
    EXPECT_EQ(GgufFile(path()).integer("tokenizer.ggml.bos_token_id"), bos ? *bos : *vocabulary.eos);
    EXPECT_EQ(read().tokenizer.vocabulary(), vocabulary);
  }
}

TEST_F(GgufExport, SaysThatTheNormalFormOfTextsIsLost) {
  ImportedModel imported = import_model(kGolden / "../biased/qwen2", silent_);
  const Exported exported = export_gguf(path(), *imported.model, imported.tokenizer, {}, silent_);
  EXPECT_THAT(exported.notes, ElementsAre(HasSubstr("normal form C")));
  EXPECT_EQ(GgufFile(path()).text("general.architecture"), "qwen2");
}

TEST_F(GgufExport, CodesAndScalesStayWhereBlocksHoldThem) {
  Sample sample;
  sample.replace("embedding", codebook(Codebook::table4, 32));
  sample.replace("blocks.0.attention.qkv", int4(32), Activations::dynamic);
  sample.replace("blocks.0.attention.output", int4(64, true));
  sample.replace("blocks.0.mlp.gate", codebook(Codebook::mxfp4, 32));
  sample.replace("blocks.0.mlp.up", [](auto r, auto c) -> AnyWeight { return Int8Weight(codes(r, c, 8, 32)); });
  sample.replace("blocks.0.mlp.down", [](auto r, auto c) -> AnyWeight {
    return HalfWeight::quantize(dequantize(codes(r, c, 8, 0)), DType::bf16);
  });
  const auto before = values_of(sample.model);
  const Exported exported = write(sample);
  for (const ExportedWeight& weight : exported.weights) EXPECT_EQ(weight.error, 0.0) << weight.name;
  EXPECT_THAT(exported.notes, ElementsAre(HasSubstr("how inputs of layers are rounded")));
  auto found = types();
  EXPECT_EQ(found["token_embd.weight"], "IQ4_NL");
  EXPECT_EQ(found["blk.0.attn_q.weight"], "Q4_0");
  EXPECT_EQ(found["blk.0.attn_v.weight"], "Q4_0");
  EXPECT_EQ(found["blk.0.attn_output.weight"], "Q4_1");
  EXPECT_EQ(found["blk.0.ffn_gate.weight"], "MXFP4");
  EXPECT_EQ(found["blk.0.ffn_up.weight"], "Q8_0");
  EXPECT_EQ(found["blk.0.ffn_down.weight"], "BF16");
  EXPECT_EQ(found["blk.1.attn_q.weight"], "F32");
  EXPECT_EQ(GgufFile(path()).integer("general.file_type"), 0);

  const ImportedModel integers = read(), floats = read({.fp32 = true});
  EXPECT_EQ(values_of(*integers.model), before);
  EXPECT_EQ(values_of(*floats.model), before);
  EXPECT_EQ(integers.kept.size(), 8u);
  EXPECT_EQ(integers.kept.at("blk.0.attn_k.weight"), "int4 per_group 32");
  EXPECT_EQ(integers.kept.at("blk.0.ffn_down.weight"), "bf16");
  EXPECT_TRUE(floats.kept.empty());
}

TEST_F(GgufExport, WhatBlocksDoNotHoldIsRoundedAndSaidSo) {
  constexpr double kRoundedScale = 0x1p-11;
  Sample sample;
  sample.replace("blocks.0.attention.qkv", codebook(Codebook::nf4, 64));
  sample.replace("blocks.0.attention.output", int4(16));
  sample.replace("blocks.1.mlp.up", int8_of_any_scale);
  const Exported exported = write(sample);
  std::map<std::string, ExportedWeight> weights;
  for (const ExportedWeight& weight : exported.weights) weights[weight.name] = weight;
  for (const char* name : {"blk.0.attn_q.weight", "blk.0.attn_output.weight", "blk.1.ffn_up.weight"}) {
    EXPECT_EQ(weights[name].to, "Q8_0") << name;
    EXPECT_GT(weights[name].error, 0.0) << name;
  }
  EXPECT_LE(weights["blk.1.ffn_up.weight"].error, kRoundedScale);
  EXPECT_THAT(exported.notes,
              ElementsAre(HasSubstr("1 weights of int4 per_group 16 are rounded to Q8_0: relative error 0.00"),
                          HasSubstr("1 weights of int8 per_channel keep their codes, with scales in FP16, as Q8_0"),
                          HasSubstr("1 weights of nf4 per_group 64 are rounded to Q8_0: relative error 0.00")));
}

TEST_F(GgufExport, AWishedTypeIsThatOfAllMatrices) {
  Sample sample;
  sample.replace("blocks.0.attention.qkv", int4(32));
  const Exported exported = write(sample, "Q4_0");
  for (const auto& [name, type] : types()) EXPECT_EQ(type, "Q4_0") << name;
  EXPECT_EQ(GgufFile(path()).integer("general.file_type"), 2);
  for (const ExportedWeight& weight : exported.weights) {
    const bool vector = weight.to == "F32", kept = weight.name.starts_with("blk.0.attn_") && weight.from != "f32";
    EXPECT_EQ(weight.error == 0.0, vector || kept) << weight.name;
    EXPECT_LT(weight.error, 0.12) << weight.name;  // measured 0.09 at most, of normal numbers
  }
  write(sample, "F16");
  EXPECT_EQ(values_of(*read().model).at("blocks.0.attention.qkv.weight"),
            values_of(sample.model).at("blocks.0.attention.qkv.weight"));
}

TEST_F(GgufExport, ALayerOfTwoTypesBecomesFp32) {
  Sample sample;
  write(sample, "Q8_0");
  change_type("blk.0.attn_v.weight", "Q4_0");
  change_type("blk.1.ffn_up.weight", "F16");
  const ImportedModel integers = read({.activations = Activations::dynamic}), floats = read({.fp32 = true});
  EXPECT_EQ(values_of(*integers.model), values_of(*floats.model));
  EXPECT_FALSE(integers.kept.contains("blk.0.attn_q.weight"));
  EXPECT_EQ(integers.kept.at("blk.1.ffn_up.weight"), "f16");
  EXPECT_EQ(integers.kept.size(), 1u + 2 * 7 - 3);
  integers.model->for_each_child([](const std::string& name, ChildSlot& slot) {
    const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
    if (matrix == nullptr) return;
    const bool half = std::holds_alternative<HalfWeight>(matrix->weight());
    EXPECT_EQ(matrix->activations(), half ? Activations::weight_only : Activations::dynamic) << name;
  });
}

TEST_F(GgufExport, RefusesByNameWhatDoesNotFit) {
  Sample sample;
  EXPECT_THAT(
      error_of(ErrorKind::config, [&] { write(sample, "Q4_K"); }),
      HasSubstr("tensor \"token_embd.weight\": expected rows of a multiple of the 256 values of a block of Q4_K, "
                "got 64; types without blocks take any: --type F16"));
  sample.model.norm->parameters()[0].parameter->value().data<float>()[0] = 1e9F;  // an F32 vector, whatever the type
  write(sample, "F16");
  fs::remove(path());
  dynamic_cast<Embedding&>(*sample.model.embedding).weight.value().data<float>()[3] = 70000.0F;
  EXPECT_THAT(error_of(ErrorKind::config, [&] { write(sample, "F16"); }),
              HasSubstr("tensor \"token_embd.weight\": expected values that F16 holds, got 70000"));
  EXPECT_TRUE(fs::is_empty(path().parent_path())) << "nothing half written stays";
  ImportedModel narrow = import_model(kGolden / "gpt2.gguf", silent_);
  narrow.model->for_each_child([](const std::string& name, ChildSlot& slot) {
    if (name == "blocks.1.mlp.down")
      slot.replace(quantized_layer(slot.module(), int4(32)(12, 20), Activations::dynamic));
  });
  EXPECT_THAT(error_of(ErrorKind::config, [&] { export_gguf(path(), *narrow.model, narrow.tokenizer, {}, silent_); }),
              HasSubstr("tensor \"blk.1.ffn_down.weight\": expected rows of a multiple of the 32 values"));
  ImportedModel corrected = import_model(kGolden / "gpt2.gguf", silent_);
  corrected.model->for_each_child([](const std::string& name, ChildSlot& slot) {
    if (name == "blocks.1.mlp.down")
      slot.replace(quantized_layer(slot.module(), int4(32)(12, 20), Activations::dynamic,
                                   LowRank::quantize(Tensor::zeros({12, 1}), Tensor::zeros({1, 20}))));
  });
  EXPECT_THAT(
      error_of(ErrorKind::config, [&] { export_gguf(path(), *corrected.model, corrected.tokenizer, {}, silent_); }),
      HasSubstr("layer \"blocks.1.mlp.down\": it has no place for a low-rank correction, got one of rank 1"));
}

}  // namespace
}  // namespace octet::gguf_export_test
