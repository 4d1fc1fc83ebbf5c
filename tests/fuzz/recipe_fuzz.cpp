#include <nlohmann/json.hpp>

#include "base/config/config.h"
#include "nn/files/quantized_file.h"
#include "nn/generation/generate.h"
#include "nn/initialize.h"
#include "quant/apply_recipe.h"
#include "quant/calibrate.h"
#include "quant/transforms/transform.h"
#include "tests/fuzz/fuzz.h"

namespace octet::fuzz {
namespace {

std::unique_ptr<Gpt> tiny_model() {
  GptConfig config;
  config.vocabulary = 11;
  config.context = 6;
  config.width = 8;
  config.layers = 1;
  config.heads = 2;
  config.hidden = 12;
  auto model = std::make_unique<Gpt>(config);
  initialize(*model, 1);
  return model;
}

Calibration calibration_of(Gpt& model) {
  const Tensor ids = Tensor::from<std::int32_t>({1, 5, 2, 7, 10, 0}, {1, 6});
  return calibrate(model, {&ids, 1});
}

/// What `octet quantize` and then `octet generate` do with a recipe.
void use(const Recipe& recipe) {
  static const Folder folder;
  std::unique_ptr<Gpt> model = tiny_model();
  if (accepted([&] {
        model = transformed(*model, recipe, calibration_of);
        return apply_recipe(*model, recipe, calibration_of(*model));
      })) {
    save_any_model(folder.path(), *model, to_json(recipe).dump());
    const auto loaded = load_any_model(folder.path());
    const std::vector<std::int32_t> prompt = {1, 2, 3};
    SamplingOptions options;
    options.max_tokens = 2;
    promise(generate(*loaded, prompt, options) == generate(*model, prompt, options),
            "a quantized model that was saved and loaded writes the same");
  }
}

}  // namespace
}  // namespace octet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const std::string text(fuzz::as_text(data, size));
  if (const auto recipe = fuzz::accepted([&] { return parse_config<Recipe>(text, "fuzz.yaml"); })) {
    fuzz::use(*recipe);
  }
  return 0;
}
