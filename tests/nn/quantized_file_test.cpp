#include "nn/quantized_file.h"

#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "nn/quantized_embedding.h"
#include "nn/quantized_linear.h"
#include "tensor/autograd/node.h"
#include "tests/nn/tiny_gpt.h"

namespace octet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Property;

auto fails_with(const std::string& message) {
  return testing::Throws<Error>(
      AllOf(Property(&Error::what, HasSubstr(message)), Property(&Error::kind, ErrorKind::input)));
}

AnyWeight some_weight(const Shape& shape, int format) {
  if (format == 2) {
    return HalfWeight(Tensor::zeros(shape, DType::bf16));
  }
  Codes codes{Tensor::zeros(shape, DType::i8), {}, format == 0 ? 8 : 4, Granularity::per_group, 5};
  for (std::int64_t i = 0; i < codes.codes.elements(); ++i) {
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(i % 15 - 7);
  }
  codes.scales = Tensor::full(scales_shape(shape[0], shape[1], Granularity::per_group, 5), 0.125F);
  return format == 0 ? AnyWeight(Int8Weight(codes)) : AnyWeight(Int4Weight(codes));
}

/// A model whose layers have formats in turn: int8, int4, bf16, FP32.
class QuantizedFile : public testing::Test {
 protected:
  QuantizedFile() : model(tiny_llama()) {
    std::string name = testing::TempDir() + "octet_quantized_XXXXXX";
    folder = ::mkdtemp(name.data());
    fill_randomly(model, 1);
    int format = 0;
    model.for_each_child([&](const std::string&, ChildSlot& slot) {
      const auto activations = format % 4 < 2 ? Activations::dynamic : Activations::weight_only;
      if (auto* linear = dynamic_cast<Linear*>(&slot.module()); linear != nullptr && format++ % 4 != 3) {
        const AnyWeight weight = some_weight(linear->weight.value().shape(), (format - 1) % 4);
        slot.replace(QuantizedLinear::from_linear(*linear, weight, activations));
      } else if (auto* table = dynamic_cast<Embedding*>(&slot.module())) {
        const AnyWeight weight = some_weight(table->weight.value().shape(), format++ % 4);
        slot.replace(QuantizedEmbedding::from_embedding(*table, weight, activations));
      }
    });
    save_any_model(folder, model, R"({"name": "mixed"})");
  }
  ~QuantizedFile() override { std::filesystem::remove_all(folder); }

  nlohmann::json config() { return nlohmann::json::parse(read_text_file(folder / kModelConfigFile)); }
  void write_config(const nlohmann::json& json) { write_file_atomically(folder / kModelConfigFile, json.dump()); }

  /// Writes the weights again with one tensor replaced.
  void replace_tensor(const std::string& name, const Tensor& tensor) {
    const SafetensorsFile file = SafetensorsFile::read(folder / kModelWeightsFile);
    std::vector<NamedTensor> tensors;
    for (const std::string& each : file.names()) {
      tensors.push_back({each, each == name ? tensor : file.at(each)});
    }
    write_safetensors(folder / kModelWeightsFile, tensors);
  }

  std::filesystem::path folder;
  Gpt model;
};

TEST_F(QuantizedFile, RoundTripGivesTheSameLogits) {
  const NoGrad no_grad;
  const std::unique_ptr<Gpt> loaded = load_any_model(folder);
  const Tensor ids = random_ids(2, 7, 23, 1);
  EXPECT_EQ(loaded->forward(ids).to_vector(), model.forward(ids).to_vector());
  std::vector<std::string> expected, got;
  const auto describe_into = [](std::vector<std::string>& list) {
    return [&list](const std::string& path, ChildSlot& slot) {
      const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
      list.push_back(path + ": " + (matrix != nullptr ? matrix->describe() : ""));
    };
  };
  model.for_each_child(describe_into(expected));
  loaded->for_each_child(describe_into(got));
  EXPECT_EQ(got, expected);
  EXPECT_EQ(nlohmann::json::parse(read_recipe_json(folder))["name"], "mixed");
}

TEST_F(QuantizedFile, ModelsInFp32AreReadToo) {
  Gpt plain(tiny_gpt2());
  fill_randomly(plain, 2);
  save_any_model(folder, plain);
  EXPECT_EQ(load_any_model(folder)->parameter_count(), plain.parameter_count());
  EXPECT_EQ(read_recipe_json(folder), "");
}

// What is on disk is what bytes() says.
TEST_F(QuantizedFile, HoldsTheTensorsThatBytesCounts) {
  const SafetensorsFile file = SafetensorsFile::read(folder / kModelWeightsFile);
  std::int64_t stored = 0, expected = 0;
  for (const std::string& name : file.names()) {
    stored += static_cast<std::int64_t>(file.at(name).bytes());
  }
  for (const auto& named : model.parameters()) {
    expected += static_cast<std::int64_t>(named.parameter->value().bytes());
  }
  model.for_each_child([&](const std::string&, ChildSlot& slot) {
    if (const QuantizedMatrix* matrix = quantized_matrix_of(slot.module())) {
      expected += bytes(matrix->weight());
    }
  });
  EXPECT_EQ(stored, expected);
}

TEST_F(QuantizedFile, RefusesADescriptionThatDoesNotFit) {
  const nlohmann::json good = config();
  const std::string int8 = "embedding";
  const auto refuses = [&](const std::function<void(nlohmann::json & quantization)>& change,
                           const std::string& message) {
    nlohmann::json json = good;
    change(json["quantization"]);
    write_config(json);
    EXPECT_THAT([&] { load_any_model(folder); }, fails_with(message));
  };
  refuses([](auto& q) { q = 3; }, "expected \"quantization\" to be an object");
  refuses([](auto& q) { q.erase("layers"); }, "object \"layers\"");
  refuses([](auto& q) { q["layers"]["blocks.0.attention.qkw"] = q["layers"]["embedding"]; },
          "no layer \"blocks.0.attention.qkw\", did you mean \"blocks.0.attention.qkv\"?");
  refuses([&](auto& q) { q["layers"][int8]["format"] = "int5"; }, "int5");
  refuses([&](auto& q) { q["layers"][int8]["group"] = 3; }, "layer \"embedding\": [codes] expected per_group scales");
  refuses([&](auto& q) { q["layers"][int8]["bits"] = 3; }, "expected codes of 3 bits in [-3, 3]");
  refuses([&](auto& q) { q["layers"][int8]["grup"] = 4; }, "grup");
  refuses([&](auto& q) { q["layers"].erase(int8); }, "embedding.weight");
  refuses([](auto& q) { q["layers"]["norm"] = q["layers"]["embedding"]; }, "layer \"norm\"");
}

TEST_F(QuantizedFile, RefusesTensorsThatBreakTheRules) {
  const Tensor scales = SafetensorsFile::read(folder / kModelWeightsFile).at("embedding.weight.scales").clone();
  Tensor bad = scales.clone();
  bad.data<float>()[2] = std::numeric_limits<float>::quiet_NaN();
  replace_tensor("embedding.weight.scales", bad);
  EXPECT_THAT([&] { load_any_model(folder); },
              fails_with("layer \"embedding\": expected positive finite scales, got nan"));
  replace_tensor("embedding.weight.scales", Tensor::full({23, 1}, 1.0F));
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("expected per_group scales of shape (23, 4)"));
  replace_tensor("embedding.weight.scales", scales);
  EXPECT_NO_THROW(load_any_model(folder));
  Tensor codes = SafetensorsFile::read(folder / kModelWeightsFile).at("embedding.weight.codes").clone();
  codes.data<std::int8_t>()[20] = -128;
  replace_tensor("embedding.weight.codes", codes);
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("got -128 at row 1, column 4"));
}

}  // namespace
}  // namespace octet
