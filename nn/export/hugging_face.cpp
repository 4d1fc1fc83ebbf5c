#include "nn/export/hugging_face.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/files/atomic_file.h"
#include "base/json.h"
#include "nn/export/full_weights.h"
#include "nn/export/hugging_face_config.h"
#include "nn/import/layout.h"
#include "nn/import/stored_part.h"
#include "tensor/ops/view.h"
#include "text/tokenizer_file.h"

namespace octet {

Exported export_hugging_face(const std::filesystem::path& folder, Gpt& model, const Tokenizer& tokenizer,
                             const std::string& made_by, ProgressSink& progress) {
  const GptConfig& config = model.config();
  check_rotates_nothing(config, "--to hf");
  const std::map<std::string, FullWeight> weights = full_weights(model);
  Exported exported;
  std::vector<NamedTensor> tensors;
  int quantized = 0;
  for (const ParameterSource& source : hugging_face_layout(config).parameters) {
    const FullWeight& weight = weights.at(source.parameter);
    quantized += weight.from == "f32" ? 0 : 1;
    std::int64_t row = 0;
    for (const SourcePart& part : source.parts) {
      const std::int64_t rows = part.rows();
      tensors.push_back({part.name, stored_from_rows(slice(weight.values, 0, row, row + rows), part)});
      exported.weights.push_back({part.name, weight.from, "F32"});
      row += rows;
    }
  }
  if (quantized > 0) {
    exported.notes.push_back(fmt::format(
        "{} quantized weights are written as the FP32 numbers that they stand for, and activations are not rounded there; "
        "--to compressed-tensors keeps int8 and int4 codes",
        quantized));
  }
  write_hugging_face_folder(folder, hugging_face_config(config, tokenizer), tensors, config, tokenizer, made_by,
                            progress);
  return exported;
}

void write_hugging_face_folder(const std::filesystem::path& folder, const nlohmann::ordered_json& config,
                               const std::vector<NamedTensor>& tensors, const GptConfig& model,
                               const Tokenizer& tokenizer, const std::string& made_by, ProgressSink& progress) {
  write_safetensors(folder / kHfWeightsFile, tensors, {{kExportedKey, made_by}}, progress);
  write_file_atomically(folder / kHfConfigFile, json_text(config, 2) + "\n");
  write_file_atomically(folder / kHfTokenizerFile, tokenizer_to_json(tokenizer, TokenRoles::left_out));
  write_file_atomically(folder / kHfTokenizerConfigFile,
                        json_text(hugging_face_tokenizer_config(model, tokenizer), 2) + "\n");
}

}  // namespace octet
