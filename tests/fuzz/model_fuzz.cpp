#include <algorithm>
#include <nlohmann/json.hpp>

#include "nn/files/model_file.h"
#include "nn/files/quantized_file.h"
#include "nn/generation/generate.h"
#include "tests/fuzz/fuzz.h"

namespace octet::fuzz {
namespace {

// The input is a model folder written as text: config.json, a line ---, the header of model.safetensors.
constexpr std::string_view kSeparator = "\n---\n";

/// As many bytes of data as the header asks for, up to a bound; as floats of any kind small and finite.
std::string data_for(std::string_view header) {
  constexpr std::uint64_t kMostBytes = 1 << 18;
  std::uint64_t bytes = 0;
  const auto json = nlohmann::json::parse(header, nullptr, false);
  if (json.is_object()) {
    for (const auto& tensor : json) {
      const bool has_end = tensor.is_object() && tensor.contains("data_offsets") && tensor["data_offsets"].is_array() &&
                           tensor["data_offsets"].size() == 2 && tensor["data_offsets"][1].is_number_unsigned();
      if (has_end) {
        bytes = std::max(bytes, tensor["data_offsets"][1].get<std::uint64_t>());
      }
    }
  }
  return std::string(std::min(bytes, kMostBytes), '\x2c');
}

std::string safetensors_of(std::string_view header) {
  const std::uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  return file.append(header).append(data_for(header));
}

/// What `octet generate` and `octet quantize` do with a model.
void use(Gpt& model) {
  static const Folder copy;
  SamplingOptions options;
  options.max_tokens = 3;
  const std::vector<std::int32_t> prompt = {1, 0};
  const auto text = accepted([&] { return generate(model, prompt, options); });
  save_any_model(copy.path(), model);
  const auto loaded = load_any_model(copy.path());
  promise(accepted([&] { return generate(*loaded, prompt, options); }) == text,
          "a model that was saved and loaded writes the same");
}

}  // namespace
}  // namespace octet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  static const fuzz::Folder folder;
  const std::string_view text = fuzz::as_text(data, size);
  const std::size_t end = std::min(text.find(fuzz::kSeparator), text.size());
  const std::string_view header = text.substr(std::min(end + fuzz::kSeparator.size(), text.size()));
  folder.write(kModelConfigFile, text.substr(0, end));
  folder.write(kModelWeightsFile, fuzz::safetensors_of(header));
  fuzz::accepted([&] { return read_recipe_json(folder.path()); });
  if (const auto model = fuzz::accepted([&] { return load_any_model(folder.path()); })) {
    fuzz::use(**model);
  }
  return 0;
}
