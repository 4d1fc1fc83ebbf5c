#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/atomic_file.h"
#include "io/safetensors.h"
#include "nn/import/hugging_face_config.h"
#include "nn/import/import_model.h"
#include "tensor/formats/half_weight.h"
#include "tensor/half.h"
#include "tests/support/error_of.h"
#include "tests/support/relative_error.h"
#include "tests/support/temporary_folder.h"

namespace octet::import_test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testing::HasSubstr;

const fs::path kGolden = OCTET_SOURCE_DIR "/tests/golden/import";

/// A copy of a golden folder that a test may break.
class ImportFolder {
 public:
  explicit ImportFolder(const char* name) { fs::copy(kGolden / name, path(), fs::copy_options::recursive); }

  fs::path path() const { return folder_.path() / "m"; }
  std::string text(const char* file) const { return read_text_file(path() / file); }
  void write(const char* file, const std::string& text) const { write_file_atomically(path() / file, text); }
  void change(const char* file, const std::function<void(Json&)>& edit) const {
    Json json = Json::parse(text(file));
    edit(json);
    write(file, json.dump());
  }
  void change_tensors(const char* file, const std::function<void(std::map<std::string, Tensor>&)>& edit) const {
    const SafetensorsFile before = SafetensorsFile::read(path() / file);
    std::map<std::string, Tensor> tensors;
    for (const std::string& name : before.names()) tensors[name] = before.at(name);
    edit(tensors);
    std::vector<NamedTensor> list;
    for (const auto& [name, tensor] : tensors) list.push_back({name, tensor});
    write_safetensors(path() / file, list);
  }
  std::string refusal() const {
    NullProgress silent;
    return error_of(ErrorKind::input, [&] { import_model(path(), silent); });
  }

 private:
  sample::TemporaryFolder folder_;
};

std::string config_refusal(const char* model, const char* key, const Json& value) {
  Json json = Json::parse(read_text_file(kGolden / model / "config.json"));
  json[key] = value;
  return error_of(ErrorKind::input, [&] { read_hugging_face_config(json.dump(), "config.json"); });
}

TEST(ImportConfig, RefusesByNameWhatTheArchitectureLacks) {
  EXPECT_THAT(config_refusal("llama", "rope_scaling", {{"rope_type", "llama3"}, {"factor", 8.0}}),
              HasSubstr("rope_scaling.factor: only RoPE without scaling"));
  EXPECT_THAT(config_refusal("llama", "rope_parameters", {{"rope_type", "yarn"}}),
              HasSubstr("rope_parameters.rope_type"));
  EXPECT_THAT(config_refusal("llama", "sliding_window", 4096), HasSubstr("sliding_window: attention within a window"));
  EXPECT_THAT(config_refusal("llama", "layer_types", {"full_attention", "sliding_attention"}),
              HasSubstr("layer_types"));
  EXPECT_THAT(config_refusal("llama", "use_qk_norm", true), HasSubstr("use_qk_norm: norms of queries and keys"));
  EXPECT_THAT(config_refusal("llama", "hidden_act", "gelu"), HasSubstr("hidden_act: expected silu, got \"gelu\""));
  EXPECT_THAT(config_refusal("llama", "attention_bias", 1), HasSubstr("attention_bias: expected true or false"));
  EXPECT_THAT(config_refusal("llama", "head_dim", 8), HasSubstr("head_dim: expected the width 16"));
  EXPECT_THAT(config_refusal("llama", "partial_rotary_factor", 0.5), HasSubstr("partial_rotary_factor"));
  EXPECT_THAT(config_refusal("llama", "quantization_config", {{"bits", 4}}), HasSubstr("quantization_config"));
  EXPECT_THAT(config_refusal("llama", "logit_scale", 0.5), HasSubstr("logit_scale: this key is not known"));
  EXPECT_THAT(config_refusal("llama", "model_type", "qwen3"),
              HasSubstr("expected llama, qwen2 or gpt2, got \"qwen3\""));
  EXPECT_THAT(config_refusal("gpt2", "activation_function", "relu"), HasSubstr("activation_function"));
  EXPECT_THAT(config_refusal("gpt2", "scale_attn_by_inverse_layer_idx", true), HasSubstr("scaled by the layer"));
  EXPECT_THAT(config_refusal("gpt2", "scale_attn_weights", false), HasSubstr("scale_attn_weights"));
}

TEST(ImportConfig, RefusesBrokenNumbers) {
  EXPECT_THAT(config_refusal("llama", "hidden_size", -16), HasSubstr("hidden_size: expected an integer"));
  EXPECT_THAT(config_refusal("llama", "hidden_size", "16"), HasSubstr("hidden_size: expected an integer"));
  EXPECT_THAT(config_refusal("llama", "hidden_size", nullptr), HasSubstr("hidden_size: this key is missing"));
  EXPECT_THAT(config_refusal("llama", "num_attention_heads", 0), HasSubstr("num_attention_heads: expected at least 1"));
  EXPECT_THAT(config_refusal("llama", "num_key_value_heads", 0), HasSubstr("num_key_value_heads: expected at least 1"));
  EXPECT_THAT(config_refusal("llama", "num_key_value_heads", 3), HasSubstr("kv_heads"));
  EXPECT_THAT(config_refusal("llama", "rms_norm_eps", 0.0), HasSubstr("norm_epsilon"));
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  EXPECT_THAT(error_of(ErrorKind::input, [&] { read_hugging_face_config(deep, "config.json"); }), HasSubstr("deep"));
}

TEST(ImportConfig, TakesTheFirstOfSeveralEnds) {
  Json json = Json::parse(read_text_file(kGolden / "llama/config.json"));
  json["eos_token_id"] = {22, 21};
  const HuggingFaceConfig config = read_hugging_face_config(json.dump(), "config.json");
  EXPECT_EQ(config.eos, 22);
  ASSERT_EQ(config.notes.size(), 1u);
  EXPECT_EQ(config.model.rope_theta, 500.0);
  EXPECT_EQ(config.model.kv_heads, 2);
}

TEST(ImportIndex, RefusesWhatPointsElsewhereOrLies) {
  constexpr const char* kIndex = "model.safetensors.index.json";
  constexpr const char* kFirst = "model-00001-of-00002.safetensors";
  const std::string with_nul("a\0b", 3), too_long(256, 'a');
  for (const std::string& file : {std::string("../m/model-00001-of-00002.safetensors"), std::string("/etc/passwd"),
                                  std::string("a/b"), std::string(".."), std::string(), with_nul, too_long}) {
    const ImportFolder folder("llama");
    folder.change(kIndex, [&](Json& json) { json["weight_map"]["lm_head.weight"] = file; });
    EXPECT_THAT(folder.refusal(), HasSubstr("\"lm_head.weight\": expected the name of a file in the same folder"));
  }
  const ImportFolder missing("llama");
  fs::remove(missing.path() / kFirst);
  EXPECT_THAT(missing.refusal(), HasSubstr(kFirst));
  const ImportFolder twice("llama");
  twice.change_tensors(kFirst, [](auto& tensors) { tensors["model.norm.weight"] = Tensor::zeros({16}); });
  twice.change_tensors("model-00002-of-00002.safetensors",
                       [](auto& tensors) { tensors["model.norm.weight"] = Tensor::zeros({16}); });
  EXPECT_THAT(twice.refusal(), HasSubstr("\"model.norm.weight\": model.safetensors.index.json has it in"));
  const ImportFolder unlisted("llama");
  unlisted.change(kIndex, [](Json& json) { json["weight_map"].erase("model.norm.weight"); });
  EXPECT_THAT(unlisted.refusal(), HasSubstr("has it in no file"));
  const ImportFolder invented("llama");
  invented.change(kIndex, [&](Json& json) { json["weight_map"]["x"] = kFirst; });
  EXPECT_THAT(invented.refusal(), HasSubstr("expected a tensor \"x\""));
  const ImportFolder both("llama");
  fs::copy(both.path() / kFirst, both.path() / "model.safetensors");
  EXPECT_THAT(both.refusal(), HasSubstr("found both"));
}

TEST(ImportTensors, RefusesByNameWhatDoesNotFit) {
  const auto after = [](const std::function<void(std::map<std::string, Tensor>&)>& edit) {
    const ImportFolder folder("gpt2");
    folder.change_tensors("model.safetensors", edit);
    return folder.refusal();
  };
  const std::string norm = "transformer.ln_f.weight", query = "transformer.h.0.attn.c_attn.weight";
  EXPECT_THAT(after([&](auto& tensors) { tensors.erase(norm); }), HasSubstr("expected a tensor \"" + norm + "\""));
  EXPECT_THAT(after([&](auto& tensors) {
                tensors[query] = Tensor::zeros({36, 12});
              }),
              HasSubstr("\"" + query + "\": expected shape (12, 36), got (36, 12)"));
  EXPECT_THAT(after([&](auto& tensors) { tensors["transformer.h.0.adapter"] = Tensor::zeros({1}); }),
              HasSubstr("\"transformer.h.0.adapter\" (1): expected only tensors of the model"));
  EXPECT_THAT(after([&](auto& tensors) { tensors[norm].template data<float>()[3] = NAN; }),
              HasSubstr("\"" + norm + "\": expected finite values, got nan at index 3"));
  EXPECT_THAT(after([&](auto& tensors) {
                tensors["transformer.h.1.attn.bias"] = Tensor::full({1, 1, 11, 11}, 1.0F);
              }),
              HasSubstr("expected the causal mask"));
  EXPECT_THAT(after([&](auto& tensors) {
                tensors["lm_head.weight"] = Tensor::zeros({23, 12});
              }),
              HasSubstr("\"lm_head.weight\": expected the token embedding once more"));
  const ImportFolder scaled("llama");
  scaled.change("config.json", [](Json& json) { json["rope_parameters"]["rope_theta"] = 1000.0; });
  EXPECT_THAT(scaled.refusal(), HasSubstr("inv_freq\": expected the frequencies of rope_theta"));
}

TEST(ImportTensors, RefusesBiasesThatAreNotThereOrNotAskedFor) {
  const auto refusal = [](const char* name, const char* tensor, bool add) {
    const fs::path golden = kGolden / "../biased" / name;
    sample::TemporaryFolder folder;
    fs::copy(golden, folder.path());
    const SafetensorsFile before = SafetensorsFile::read(golden / "model.safetensors");
    std::vector<NamedTensor> tensors;
    for (const std::string& other : before.names()) {
      if (other != tensor) tensors.push_back({other, before.at(other)});
    }
    if (add) tensors.push_back({tensor, Tensor::zeros({16})});
    fs::remove(folder.path() / "model.safetensors");
    write_safetensors(folder.path() / "model.safetensors", tensors);
    NullProgress silent;
    return error_of(ErrorKind::input, [&] { import_model(folder.path(), silent); });
  };
  EXPECT_THAT(refusal("qwen2", "model.layers.1.self_attn.k_proj.bias", false),
              HasSubstr("expected a tensor \"model.layers.1.self_attn.k_proj.bias\", found none"));
  EXPECT_THAT(refusal("qwen2", "model.layers.1.self_attn.k_proj.bias", true),
              HasSubstr("expected shape (8), got (16)"));
  EXPECT_THAT(refusal("qwen2", "model.layers.0.self_attn.o_proj.bias", true),
              HasSubstr("\"model.layers.0.self_attn.o_proj.bias\" (16): expected only tensors of the model"));
  EXPECT_THAT(refusal("llama", "model.layers.0.mlp.down_proj.bias", false),
              HasSubstr("expected a tensor \"model.layers.0.mlp.down_proj.bias\""));
}

TEST(ImportTensors, RefusesWeightsThatAreIntegers) {
  const ImportFolder folder("gpt2");
  folder.change_tensors("model.safetensors",
                        [](auto& tensors) { tensors["transformer.ln_f.weight"] = Tensor::zeros({12}, DType::u8); });
  EXPECT_THAT(folder.refusal(),
              HasSubstr("\"transformer.ln_f.weight\": expected floating-point numbers, got U8 or BOOL"));
}

TEST(ImportTensors, HalvesBecomeFloatsExactly) {
  const ImportFolder folder("gpt2");
  const std::string norm = "transformer.ln_f.weight";
  const std::vector<float> values = {1, -2, 0.5F, 65504, 6e-8F, 0, 1.5F, -0.25F, 3, 4, 5, 6};
  folder.change_tensors("model.safetensors", [&](auto& tensors) {
    Tensor halves = Tensor::empty({12}, DType::f16);
    for (std::size_t i = 0; i < values.size(); ++i) halves.data<Float16>()[i] = to_float16(values[i]);
    tensors[norm] = halves;
  });
  NullProgress silent;
  const ImportedModel imported = import_model(folder.path(), silent);
  for (const auto& [name, parameter] : imported.model->parameters()) {
    if (name == "norm.gain") {
      EXPECT_EQ(parameter->value().to_vector()[3], 65504);
      EXPECT_EQ(parameter->value().to_vector()[4], 0x1p-24F);
    }
  }
}

TEST(ImportTensors, HalvesStayWhereAskedFor) {
  const ImportFolder folder("llama");
  const std::string first = "model-00001-of-00002.safetensors";
  std::vector<std::string> halves;
  folder.change_tensors(first.c_str(), [&](auto& tensors) {
    for (auto& [name, tensor] : tensors) {
      if (tensor.rank() != 2) continue;
      halves.push_back(name);
      tensor = HalfWeight::quantize(tensor, DType::bf16).values();
    }
  });
  NullProgress silent;
  const ImportedModel floats = import_model(folder.path(), silent),
                      kept = import_model(folder.path(), silent, {.half = true});
  EXPECT_TRUE(floats.kept.empty());
  for (const auto& [name, format] : kept.kept) {
    EXPECT_EQ(format, "bf16");
    EXPECT_THAT(halves, testing::Contains(name));
  }
  EXPECT_TRUE(kept.kept.contains("lm_head.weight") || kept.kept.contains("model.embed_tokens.weight"));
  const Tensor ids = Tensor::from(std::vector<std::int32_t>{3, 1, 4, 1, 5}, {1, 5});
  constexpr double kOtherOrderOfSums = 1e-5;
  EXPECT_LE(relative_error(kept.model->forward(ids), floats.model->forward(ids)), kOtherOrderOfSums);
}

TEST(ImportTensors, MasksOfTruthValuesAreReadAndOtherTypesRefusedByName) {
  const auto refusal_of = [](const std::string& type) {
    const ImportFolder folder("gpt2");
    std::string bytes = folder.text("model.safetensors");
    std::uint64_t header = 0;
    std::memcpy(&header, bytes.data(), sizeof header);
    const std::uint64_t before = header;
    for (std::size_t at = bytes.find("\"U8\""); at < header; at = bytes.find("\"U8\"", at + 1)) {
      bytes.replace(at, 4, type);
      header += type.size() - 4;
    }
    EXPECT_NE(header, before);
    std::memcpy(bytes.data(), &header, sizeof header);
    folder.write("model.safetensors", bytes);
    NullProgress silent;
    try {
      import_model(folder.path(), silent);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal_of("\"BOOL\""), "");
  EXPECT_THAT(refusal_of("\"F8_E4M3\""), HasSubstr("'transformer.h.0.attn.bias': dtype \"F8_E4M3\" is not supported"));
}

TEST(ImportVocabulary, FitsTheEmbeddingOrIsRefused) {
  const ImportFolder more("gpt2");
  more.change("tokenizer.json", [](Json& json) { json["model"]["vocab"]["aa"] = 23; });
  EXPECT_THAT(more.refusal(), HasSubstr("tokenizer.json: expected at most the 23 tokens"));
  const ImportFolder fewer("gpt2");
  fewer.change("tokenizer.json", [](Json& json) {
    json["added_tokens"].erase(1);
    json["model"]["vocab"].erase("<|endoftext|>");
  });
  NullProgress silent;
  const ImportedModel imported = import_model(fewer.path(), silent);
  EXPECT_EQ(imported.tokenizer.token(22), "[PAD22]");
  EXPECT_TRUE(imported.tokenizer.is_special(22));
  EXPECT_GE(imported.notes.size(), 2u);  // and of the bytes without a token
}

TEST(ImportGguf, RefusesAnotherModelAndWhatIsMissing) {
  sample::TemporaryFolder folder;
  const std::string good = read_text_file(kGolden / "llama.gguf");
  const auto refusal = [&](const std::string& from, const std::string& to) {
    std::string bytes = good;
    const std::size_t place = bytes.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    bytes.replace(place, from.size(), to);
    write_file_atomically(folder.path() / "m.gguf", bytes);
    NullProgress silent;
    return error_of(ErrorKind::input, [&] { import_model(folder.path() / "m.gguf", silent); });
  };
  EXPECT_THAT(refusal("llama.block_count", "llama.block_xxxxx"), HasSubstr("expected the key llama.block_count"));
  EXPECT_THAT(refusal("llama.vocab_size", "llama.logit_xxxx"), HasSubstr("key llama.logit_xxxx: it is not known"));
  EXPECT_THAT(refusal("gpt-2", "gpt-9"), HasSubstr("tokenizer.ggml.pre: unknown pre-tokenizer \"gpt-9\""));
  EXPECT_THAT(refusal("blk.0.attn_q.weight", "blk.0.attn_x.weight"),
              HasSubstr("expected a tensor \"blk.0.attn_q.weight\""));
  EXPECT_THAT(refusal("ab c", "ab x"),
              HasSubstr("tokenizer.ggml.merges: merge 1 is of or into \"x\", which is not in the vocabulary"));
  EXPECT_THAT(refusal(std::string("\1\0\0\0\0\0\0\0q", 9), std::string("\1\0\0\0\0\0\0\0a", 9)),
              HasSubstr("tokenizer.ggml.tokens: tokens 0 and 16 are both \"a\""));
  EXPECT_THAT(refusal("general.architecture", "general.architecturx"),
              HasSubstr("expected the key general.architecture"));
}

}  // namespace
}  // namespace octet::import_test
