#include "nn/files/quantized_file.h"

#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/atomic_file.h"
#include "base/files/read_file.h"
#include "base/sha256.h"
#include "nn/layers/quantized_layer.h"
#include "nn/layers/quantized_linear.h"
#include "tensor/autograd/node.h"
#include "tests/nn/some_weight.h"
#include "tests/support/random_tensor.h"
#include "tests/support/tiny_gpt.h"

namespace octet::quantized_file_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Property;

auto fails_with(const std::string& message) {
  return testing::Throws<Error>(
      AllOf(Property(&Error::what, HasSubstr(message)), Property(&Error::kind, ErrorKind::input)));
}

/// A correction of rank 3.
LowRank some_low_rank(const Shape& shape) {
  return LowRank::quantize(random_tensor({shape[0], 3}, 1, 0.1F), random_tensor({3, shape[1]}, 2, 0.1F));
}

/// A model whose layers have all formats in turn, then FP32; every third has a low-rank correction.
class QuantizedFile : public testing::Test {
 protected:
  QuantizedFile() : model(tiny_llama()) {
    std::string name = testing::TempDir() + "octet_quantized_XXXXXX";
    folder = ::mkdtemp(name.data());
    fill_randomly(model, 1);
    int next = 0;
    model.for_each_child([&](const std::string&, ChildSlot& slot) {
      const int format = next % (kFormats + 1);
      auto* linear = dynamic_cast<Linear*>(&slot.module());
      auto* table = dynamic_cast<Embedding*>(&slot.module());
      next += linear != nullptr || table != nullptr;
      if ((linear == nullptr && table == nullptr) || format == kFormats) {
        return;
      }
      const Shape shape = matrix_shape_of(slot.module());
      const AnyWeight weight = some_weight(shape, format);
      const auto low_rank = format % 3 == 0 ? std::optional(some_low_rank(shape)) : std::nullopt;
      ActivationScheme activations = Activations::weight_only;
      if (has_codes(weight)) {  // each kind in its turn
        const ActivationScheme kinds[] = {Activations::dynamic, ActivationScheme::fixed(0.1F),
                                          ActivationScheme::fixed(0.1F, 30), ActivationScheme::split(1.5F)};
        activations = kinds[static_cast<std::size_t>(next) % std::size(kinds)];
      }
      slot.replace(quantized_layer(slot.module(), weight, activations, low_rank));
    });
    save_any_model(folder, model, R"({"name": "mixed"})");
  }
  ~QuantizedFile() override { std::filesystem::remove_all(folder); }

  /// The first layer that is stored so.
  std::string layer_of(const std::function<bool(const AnyWeight&)>& is_wanted) {
    std::string found;
    model.for_each_child([&](const std::string& path, ChildSlot& slot) {
      const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
      if (found.empty() && matrix != nullptr && is_wanted(matrix->weight())) {
        found = path;
      }
    });
    return found;
  }

  nlohmann::json config() { return nlohmann::json::parse(read_text_file(folder / kModelConfigFile)); }
  void write_config(const nlohmann::json& json) { write_file_atomically(folder / kModelConfigFile, json.dump()); }

  /// Writes the weights again as before they told which description they belong to.
  void forget_description() { replace_tensor("", {}); }

  /// Writes the weights again with one tensor replaced, without metadata.
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
      expected += matrix->bytes();
    }
  });
  EXPECT_EQ(stored, expected);
}

TEST_F(QuantizedFile, RefusesADescriptionThatDoesNotFit) {
  forget_description();
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
  refuses([&](auto& q) { q["layers"][int8]["bits"] = 3; }, "expected codes of 3 bits in [-4, 3]");
  refuses([&](auto& q) { q["layers"][int8]["columns"] = 13; },
          "layer \"embedding\": expected 13 columns as described, got 16");
  refuses([&](auto& q) { q["layers"][int8]["grup"] = 4; }, "grup");
  refuses([&](auto& q) { q["layers"].erase(int8); }, "embedding.weight");
  refuses([](auto& q) { q["layers"]["norm"] = q["layers"]["embedding"]; }, "layer \"norm\"");
}

TEST_F(QuantizedFile, RefusesACorrectionThatDoesNotFit) {
  forget_description();
  const nlohmann::json good = config();
  const std::string left = "embedding.weight.low_rank_left";
  const auto refuses = [&](const std::string& message) {
    EXPECT_THAT([&] { load_any_model(folder); }, fails_with("layer \"embedding\": " + message));
  };
  nlohmann::json other_rank = good;
  other_rank["quantization"]["layers"]["embedding"]["low_rank"] = 2;
  write_config(other_rank);
  refuses("expected a correction of rank 2 as described, got 3");
  write_config(good);
  const Tensor stored = SafetensorsFile::read(folder / kModelWeightsFile).at(left).clone();
  Tensor infinite = stored.clone();
  infinite.data<Float16>()[1] = Float16{0x7C00};
  replace_tensor(left, infinite);
  refuses("expected finite values");
  replace_tensor(left, Tensor::zeros({stored.dim(0), 2}, DType::f16));
  refuses("[low rank] expected A (N, r) and B (r, K)");
  replace_tensor(left, Tensor::zeros({stored.dim(0) + 1, 3}, DType::f16));
  refuses("[quantize] expected a low-rank correction of");
  replace_tensor(left, Tensor::zeros(stored.shape()));
  refuses("[half weight] expected a matrix of f16 or bf16");
}

TEST_F(QuantizedFile, RefusesTensorsThatBreakTheRules) {
  const Tensor scales = SafetensorsFile::read(folder / kModelWeightsFile).at("embedding.weight.scales").clone();
  Tensor bad = scales.clone();
  bad.data<float>()[2] = std::numeric_limits<float>::quiet_NaN();
  replace_tensor("embedding.weight.scales", bad);
  EXPECT_THAT([&] { load_any_model(folder); },
              fails_with("layer \"embedding\": expected finite scales other than 0, got nan"));
  replace_tensor("embedding.weight.scales", Tensor::full({23, 1}, 1.0F));
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("expected per_group scales of shape (23, 4)"));
  replace_tensor("embedding.weight.scales", scales);
  EXPECT_NO_THROW(load_any_model(folder));
  Tensor codes = SafetensorsFile::read(folder / kModelWeightsFile).at("embedding.weight.codes").clone();
  codes.data<std::int8_t>()[20] = -128;
  replace_tensor("embedding.weight.codes", codes);
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("got -128 at row 1, column 4"));
}

TEST_F(QuantizedFile, RefusesMinimumsThatBreakTheRules) {
  const std::string path = layer_of([](const AnyWeight& weight) {
    const auto* int4 = std::get_if<Int4Weight>(&weight);
    return int4 != nullptr && !int4->is_symmetric();
  });
  const std::string name = path + ".weight.minimums";
  const Tensor minimums = SafetensorsFile::read(folder / kModelWeightsFile).at(name).clone();
  Tensor bad = minimums.clone();
  bad.data<Float16>()[1].bits = 0x7C00;  // infinity
  replace_tensor(name, bad);
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("layer \"" + path + "\": expected finite minimums, got inf"));
  replace_tensor(name, Tensor::zeros({2, 2}, DType::f16));
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("expected minimums of shape"));
  replace_tensor(name, minimums);
  EXPECT_NO_THROW(load_any_model(folder));
  // Read as symmetric, the minimums are left over.
  nlohmann::json json = config();
  json["quantization"]["layers"][path]["symmetric"] = true;
  write_config(json);
  EXPECT_THAT([&] { load_any_model(folder); },
              fails_with("tensor \"" + name + "\": expected only tensors of the model"));
}

// A bit more in a threshold fits the shapes, but is another model.
TEST_F(QuantizedFile, RefusesADescriptionThatTheWeightsWereNotSavedWith) {
  nlohmann::json json = config();
  const std::string saved = sha256_hex(json["quantization"].dump());
  json["quantization"]["layers"]["embedding"]["threshold"] = 1.75F;
  write_config(json);
  const std::string other = sha256_hex(json["quantization"].dump());
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with((folder / kModelConfigFile).string()));
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("of SHA-256 " + saved + ", got one of SHA-256 " + other));
  json.erase("quantization");
  write_config(json);
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("of SHA-256 " + saved + ", got none"));
}

TEST_F(QuantizedFile, WeightsThatDoNotTellTheirDescriptionAreRead) {
  forget_description();
  EXPECT_NO_THROW(load_any_model(folder));
}

TEST_F(QuantizedFile, KeepsStaticScalesAndThresholds) {
  forget_description();
  nlohmann::json json = config();
  int fixed = 0, shifted = 0, split = 0;
  for (auto& [path, layer] : json["quantization"]["layers"].items()) {
    if (layer["activations"] == "static") {
      EXPECT_EQ(layer["input_scale"].get<float>(), 0.1F) << path;
      layer["input_scale"] = 0;
      ++fixed;
      shifted += layer["zero_point"] == 30 ? 1 : 0;
    } else if (layer["activations"] == "outlier_split") {
      EXPECT_EQ(layer["threshold"].get<float>(), 1.5F) << path;
      ++split;
    }
  }
  EXPECT_GT(fixed, shifted);
  EXPECT_GT(shifted, 0);
  EXPECT_GT(split, 0);
  write_config(json);
  EXPECT_THAT([&] { load_any_model(folder); },
              fails_with("expected a positive finite scale for static activations, got 0"));
}

auto is_stored_as(Codebook codebook, ScaleCoding coding) {
  return [=](const AnyWeight& weight) {
    const auto* stored = std::get_if<CodebookWeight>(&weight);
    return stored != nullptr && stored->codebook() == codebook && stored->stored_scales().coding == coding;
  };
}

TEST_F(QuantizedFile, RefusesNf4ThatDoesNotFit) {
  forget_description();
  const std::string path = layer_of(is_stored_as(Codebook::nf4, ScaleCoding::f16));
  const nlohmann::json good = config();
  const auto refuses = [&](const std::function<void(nlohmann::json & layer)>& change, const std::string& message) {
    nlohmann::json json = good;
    change(json["quantization"]["layers"][path]);
    write_config(json);
    EXPECT_THAT([&] { load_any_model(folder); }, fails_with(message));
  };
  refuses([](auto& layer) { layer["group"] = 3; }, "[scales] expected scales of shape");
  refuses([](auto& layer) { layer["group"] = 0; }, "a group of at least 1 column, got 0");
  refuses([](auto& layer) { layer["columns"] = 99; }, "expected nibbles (R, 50) of u8");
  refuses([](auto& layer) { layer["activations"] = "dynamic"; }, "expected a format with integer codes, got nf4");
  refuses([](auto& layer) { layer["symmetric"] = false; }, "expected symmetric: true for nf4, got false");
  refuses([](auto& layer) { layer["double_quantized"] = true; }, path + ".weight.scale_steps");
  write_config(good);
  const std::string scales = path + ".weight.scales";
  replace_tensor(scales,
                 Tensor::zeros(SafetensorsFile::read(folder / kModelWeightsFile).at(scales).shape(), DType::f16));
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("expected scales other than 0 for nf4, got 0"));
}

TEST_F(QuantizedFile, RefusesScalesAndLevelsThatBreakTheRules) {
  const auto refuses = [&](const std::string& name, const Tensor& wrong, const std::string& message) {
    const Tensor good = SafetensorsFile::read(folder / kModelWeightsFile).at(name).clone();
    replace_tensor(name, wrong);
    EXPECT_THAT([&] { load_any_model(folder); }, fails_with(message)) << name;
    replace_tensor(name, good);
    EXPECT_NO_THROW(load_any_model(folder));
  };
  const auto scales_like = [&](const std::string& path) {
    return Tensor::zeros(SafetensorsFile::read(folder / kModelWeightsFile).at(path + ".weight.scales").shape(),
                         DType::u8);
  };
  const std::string mxfp4 = layer_of(is_stored_as(Codebook::mxfp4, ScaleCoding::e8m0)) + ".weight";
  refuses(mxfp4 + ".scales", scales_like(layer_of(is_stored_as(Codebook::mxfp4, ScaleCoding::e8m0))),
          "expected e8m0 bytes from 103 (2^-24) to 142 (2^15), which FP16 holds, got 0");
  const std::string nvfp4 = layer_of(is_stored_as(Codebook::nvfp4, ScaleCoding::e4m3)) + ".weight";
  refuses(nvfp4 + ".scales", scales_like(layer_of(is_stored_as(Codebook::nvfp4, ScaleCoding::e4m3))),
          "expected e4m3 bytes of positive scales, from 1 to 126, got 0");
  refuses(nvfp4 + ".scale_steps", Tensor::full({1}, 0.3F), "expected a power of two from 2^-15 to 2^7");
  const std::string twice = layer_of(is_stored_as(Codebook::nf4, ScaleCoding::double_quantized)) + ".weight";
  refuses(twice + ".scale_mean", Tensor::full({1}, -1.0F), "positive scales that are finite in FP16");
  refuses(twice + ".scale_steps", Tensor::full({9}, 1.0F), "expected steps of scales of shape");
  const std::string table4 = layer_of(is_stored_as(Codebook::table4, ScaleCoding::f16)) + ".weight";
  refuses(table4 + ".levels", Tensor::zeros({16}, DType::i8), "expected ascending levels from -127 on");
}

TEST_F(QuantizedFile, RefusesFp8ThatBreaksTheRules) {
  const std::string path = layer_of([](const AnyWeight& weight) { return std::holds_alternative<Fp8Weight>(weight); });
  Tensor codes = SafetensorsFile::read(folder / kModelWeightsFile).at(path + ".weight.codes").clone();
  codes.data<std::uint8_t>()[3] = 0xFF;
  replace_tensor(path + ".weight.codes", codes);
  EXPECT_THAT([&] { load_any_model(folder); },
              fails_with("layer \"" + path + "\": [fp8 weight] expected e4m3 numbers, got the NaN 255"));
}

TEST_F(QuantizedFile, RefusesEntropyCodedBytesThatAreDamaged) {
  const std::string path =
      layer_of([](const AnyWeight& weight) { return std::holds_alternative<EntropyWeight>(weight); });
  const std::string name = path + ".weight.codes";
  const Tensor good = SafetensorsFile::read(folder / kModelWeightsFile).at(name).clone();
  for (std::int64_t i = 0; i < good.elements(); i += 17) {
    const Tensor bad = good.clone();
    bad.data<std::uint8_t>()[i] ^= 1;
    replace_tensor(name, bad);  // and without the checksum of the file, which would tell first
    EXPECT_THAT([&] { load_any_model(folder); }, fails_with("layer \"" + path + "\"")) << i;
  }
  replace_tensor(name, good);
  EXPECT_NO_THROW(load_any_model(folder));
  nlohmann::json json = config();
  json["quantization"]["layers"][path]["columns"] = 1'000'000'000'000;
  write_config(json);
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("columns, got 1000000000000"));
}

TEST_F(QuantizedFile, RefusesATrellisThatBreaksTheRules) {
  const std::string path =
      layer_of([](const AnyWeight& weight) { return std::holds_alternative<TrellisWeight>(weight); });
  const Tensor codes = SafetensorsFile::read(folder / kModelWeightsFile).at(path + ".weight.codes");
  replace_tensor(path + ".weight.codes", Tensor::zeros({codes.dim(0), codes.dim(1), 64}, DType::u8));
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("layer \"" + path + "\": [trellis weight] expected codes"));
}

TEST_F(QuantizedFile, RefusesDoubleQuantizationOfOtherFormats) {
  forget_description();
  nlohmann::json json = config();
  const std::string path = layer_of(is_stored_as(Codebook::mxfp4, ScaleCoding::e8m0));
  json["quantization"]["layers"][path]["double_quantized"] = true;
  write_config(json);
  EXPECT_THAT([&] { load_any_model(folder); }, fails_with("expected double_quantized: false for mxfp4, got true"));
}

TEST_F(QuantizedFile, RefusesTruncatedWeights) {
  const std::filesystem::path path = folder / kModelWeightsFile;
  const auto size = std::filesystem::file_size(path);
  for (const auto kept : {size - 1, size / 2, std::uintmax_t{9}}) {
    std::filesystem::resize_file(path, kept);
    EXPECT_THAT([&] { load_any_model(folder); }, fails_with(path.string())) << kept;
  }
}

}  // namespace
}  // namespace octet::quantized_file_test
