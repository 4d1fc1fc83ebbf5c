#include "nn/import/import_model.h"

#include "base/files/missing.h"
#include "nn/import/gguf_model.h"
#include "nn/import/hugging_face.h"

namespace octet {

ImportedModel import_model(const std::filesystem::path& source, ProgressSink& progress, const ImportOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::exists(source, ignored)) {
    fail_missing(ErrorKind::input, source, "a folder of Hugging Face or a GGUF file");
  }
  return std::filesystem::is_directory(source, ignored) ? import_hugging_face(source, progress, options)
                                                        : import_gguf(source, progress, options);
}

}  // namespace octet
