#include "nn/files/model_file.h"

#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/atomic_file.h"
#include "tests/support/tiny_gpt.h"

namespace octet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Property;

auto fails_with(const std::string& file, const std::string& message) {
  return testing::Throws<Error>(AllOf(Property(&Error::what, HasSubstr(file)),
                                      Property(&Error::what, HasSubstr(message)),
                                      Property(&Error::kind, ErrorKind::input)));
}

class ModelFile : public testing::Test {
 protected:
  ModelFile() : model(tiny_llama()) {
    std::string name = testing::TempDir() + "octet_model_XXXXXX";
    folder = ::mkdtemp(name.data());
    fill_randomly(model, 1);
    save_model(folder, model);
  }
  ~ModelFile() override { std::filesystem::remove_all(folder); }

  std::vector<NamedTensor> tensors() {
    std::vector<NamedTensor> result;
    for (const auto& [path, parameter] : model.parameters()) {
      result.push_back({path, parameter->value().clone()});
    }
    return result;
  }
  void write_weights(const std::vector<NamedTensor>& changed) {
    write_safetensors(folder / kModelWeightsFile, changed);
  }
  void write_config(const std::string& text) { write_file_atomically(folder / kModelConfigFile, text); }

  std::filesystem::path folder;
  Gpt model;
};

TEST_F(ModelFile, RoundTripKeepsEveryBit) {
  for (const GptConfig& config :
       {tiny_gpt2(), tiny_llama(), with_head_options(tiny_llama()), with_clipped_softmax(tiny_llama())}) {
    Gpt saved(config);
    fill_randomly(saved, 2);
    save_model(folder, saved);
    const std::unique_ptr<Gpt> loaded = load_model(folder);
    EXPECT_EQ(loaded->config().architecture, config.architecture);
    const auto expected = saved.parameters();
    const auto got = loaded->parameters();
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].path, expected[i].path);
      EXPECT_EQ(got[i].parameter->value().to_vector(), expected[i].parameter->value().to_vector()) << got[i].path;
    }
    const Tensor ids = random_ids(1, 7, config.vocabulary, 1);
    EXPECT_EQ(loaded->forward(ids).to_vector(), saved.forward(ids).to_vector());
  }
}

TEST_F(ModelFile, LoadsIntoAModelThatExists) {
  Gpt other(tiny_llama());
  load_weights(folder, other);
  EXPECT_EQ(other.embedding->lookup(random_ids(1, 3, 23, 1)).to_vector(),
            model.embedding->lookup(random_ids(1, 3, 23, 1)).to_vector());
}

TEST_F(ModelFile, ListsTheDifferencesToAnotherConfiguration) {
  GptConfig deeper = tiny_llama();
  deeper.layers = 3;
  deeper.dropout = 0.1;
  Gpt other(deeper);
  EXPECT_THAT([&] { load_weights(folder, other); }, fails_with(kModelWeightsFile, "layers: 2 -> 3, dropout: 0"));

  save_model(folder, other);
  save_model(folder / "other", model);
  std::filesystem::copy_file(folder / "other" / kModelConfigFile, folder / kModelConfigFile,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT([&] { load_model(folder); }, fails_with(kModelWeightsFile, "layers: 3 -> 2"));
}

TEST_F(ModelFile, MissingFiles) {
  EXPECT_THAT([&] { load_model(folder / "nowhere"); }, fails_with("nowhere", "expected a folder with config.json"));
  std::filesystem::remove(folder / kModelWeightsFile);
  EXPECT_THAT([&] { load_model(folder); }, fails_with(kModelWeightsFile, "No such file"));
  std::filesystem::remove(folder / kModelConfigFile);
  EXPECT_THAT([&] { load_model(folder); }, fails_with(kModelConfigFile, "No such file"));
}

TEST_F(ModelFile, TensorThatIsMissing) {
  auto changed = tensors();
  std::erase_if(changed, [](const NamedTensor& named) { return named.name == "blocks.1.mlp.gate.weight"; });
  write_weights(changed);
  EXPECT_THAT([&] { load_model(folder); }, fails_with(kModelWeightsFile, "blocks.1.mlp.gate.weight"));
}

TEST_F(ModelFile, TensorTheModelDoesNotHave) {
  auto changed = tensors();
  changed.push_back({"blocks.2.mlp.up.weight", Tensor::zeros({20, 16})});
  write_weights(changed);
  EXPECT_THAT([&] { load_model(folder); },
              fails_with(kModelWeightsFile, "tensor \"blocks.2.mlp.up.weight\": expected only tensors of the model"));
  load_parameters(model, SafetensorsFile::read(folder / kModelWeightsFile), {"blocks.2.mlp.up.weight"});
}

TEST_F(ModelFile, TensorOfAnotherShapeOrType) {
  auto changed = tensors();
  changed[0].tensor = Tensor::zeros({23, 15});
  write_weights(changed);
  EXPECT_THAT([&] { load_model(folder); },
              fails_with(kModelWeightsFile, "tensor \"embedding.weight\": expected f32 (23, 16), got f32 (23, 15)"));
  changed[0].tensor = Tensor::zeros({23, 16}, DType::f16);
  write_weights(changed);
  EXPECT_THAT([&] { load_model(folder); }, fails_with(kModelWeightsFile, "expected f32 (23, 16), got f16 (23, 16)"));
}

TEST_F(ModelFile, WeightsThatAreNoNumbers) {
  auto changed = tensors();
  changed[2].tensor.data<float>()[37] = NAN;
  write_weights(changed);
  EXPECT_THAT([&] { load_model(folder); },
              fails_with(kModelWeightsFile,
                         "tensor \"blocks.0.attention.qkv.weight\": expected finite values, got nan at index 37"));
  changed[2].tensor.data<float>()[37] = -INFINITY;
  write_weights(changed);
  EXPECT_THAT([&] { load_model(folder); }, fails_with(kModelWeightsFile, "got -inf at index 37"));
}

TEST_F(ModelFile, BrokenConfigurations) {
  struct Case {
    const char* text;
    const char* message;
  };
  for (const Case& broken :
       {Case{"{\"format\": ", "line 1, column 12: expected a value, found the end of the text"}, Case{"[1]", ""},
        Case{R"({"format": "octet", "version": 1})", "model: required key is missing"},
        Case{R"({"format": "octet", "version": 2, "model": {}})", "version: expected one of 1, got 2"},
        Case{R"({"format": "gguf", "version": 1, "model": {}})", "format: expected"},
        Case{R"({"format": "octet", "version": 1, "model": {"heads": 7}})", "divisor of the width"},
        Case{R"({"format": "octet", "version": 1, "model": {"widht": 7}})", "widht"}}) {
    SCOPED_TRACE(broken.text);
    write_config(broken.text);
    EXPECT_THAT([&] { load_model(folder); }, fails_with(kModelConfigFile, broken.message));
  }
}

TEST_F(ModelFile, QuantizedLayersAddTensorsAndADescription) {
  ModelExtras extras;
  extras.tensors.push_back({"blocks.0.mlp.up.codes", Tensor::zeros({20, 16}, DType::i8)});
  extras.quantization = R"({"blocks.0.mlp.up":"int8"})";
  save_model(folder, model, extras);
  const ModelDescription description = read_model_description(folder);
  EXPECT_EQ(description.quantization, extras.quantization);
  const SafetensorsFile weights = read_model_weights(folder, description);
  load_parameters(model, weights, {"blocks.0.mlp.up.codes"});
  EXPECT_THAT([&] { load_model(folder); }, fails_with(kModelConfigFile, "expected a model in FP32"));
}

}  // namespace
}  // namespace octet
