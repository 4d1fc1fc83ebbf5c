#include "nn/import/hugging_face.h"

#include <algorithm>

#include "base/error.h"
#include "base/files/read_file.h"
#include "nn/import/fill.h"
#include "nn/import/fit_vocabulary.h"
#include "nn/import/hugging_face_config.h"
#include "nn/import/hugging_face_tensors.h"
#include "nn/import/layout.h"
#include "text/tokenizer_file.h"

namespace octet {
namespace {

/// What stands before the names of all tensors but the head: a model with a head is stored one level deeper.
std::string prefix_of(const TensorSource& source, Architecture architecture) {
  const std::string prefix = hugging_face_prefix(architecture);
  const bool has_it = std::any_of(source.tensors().begin(), source.tensors().end(),
                                  [&](const SourceTensor& tensor) { return tensor.name.starts_with(prefix); });
  return has_it ? prefix : "";
}

}  // namespace

ImportedModel import_hugging_face(const std::filesystem::path& folder, ProgressSink& progress,
                                  const ImportOptions& options) {
  const std::filesystem::path config_file = folder / "config.json", tokenizer_file = folder / "tokenizer.json";
  HuggingFaceConfig config = read_hugging_face_config(read_text_file(config_file), config_file.string());
  const Vocabulary vocabulary = load_tokenizer(tokenizer_file.string(), MissingBytes::left_out).vocabulary();
  Tokenizer tokenizer = fit_vocabulary(vocabulary, config.model.vocabulary, tokenizer_file.string(), config.bos,
                                       config.eos, config.notes);
  const HuggingFaceTensors tensors(folder, options.half);
  const SourceLayout layout = hugging_face_layout(config.model, prefix_of(tensors, config.model.architecture));
  FilledModel filled = filled_model(config.model, layout, tensors, folder.string(), options, progress);
  return {std::move(filled.model), std::move(tokenizer), tensors.tensors(), std::move(filled.kept),
          std::move(config.notes)};
}

}  // namespace octet
