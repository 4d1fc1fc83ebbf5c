#include "nn/import/import_model.h"

#include "base/error.h"
#include "base/files/missing.h"
#include "nn/import/gguf_model.h"
#include "nn/import/hugging_face.h"

namespace octet {

ImportedModel import_model(const std::filesystem::path& source, ProgressSink& progress, const ImportOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::exists(source, ignored)) {
    fail_missing(ErrorKind::input, source, "a folder of Hugging Face or a GGUF file");
  }
  if (std::filesystem::is_directory(source, ignored)) return import_hugging_face(source, progress, options);
  if (const auto ending = source.extension(); ending == ".safetensors" || ending == ".json") {
    fail(ErrorKind::input,
         "{}: expected a GGUF file or a folder of Hugging Face, got a file of such a folder: name that",
         source.string());
  }
  return import_gguf(source, progress, options);
}

}  // namespace octet
