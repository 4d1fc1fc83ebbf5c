#include <nlohmann/json.hpp>

#include "base/config/field.h"
#include "base/error.h"
#include "base/files/known_folder.h"
#include "base/json.h"
#include "base/nearest.h"
#include "cli/console.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "io/safetensors.h"
#include "nn/export/compressed_tensors.h"
#include "nn/export/hugging_face.h"
#include "nn/files/model_tokenizer.h"
#include "nn/files/quantized_file.h"

namespace octet {

/// What a model can become.
enum class ExportTarget { hf, compressed_tensors };

template <>
inline constexpr auto enum_names<ExportTarget> =
    std::to_array<EnumName<ExportTarget>>({{ExportTarget::hf, "hf"},
                                           {ExportTarget::compressed_tensors, "compressed-tensors"}});

namespace {

namespace fs = std::filesystem;

const FileNames kHuggingFaceFiles = {kHfConfigFile, kHfWeightsFile, kHfTokenizerFile, kHfTokenizerConfigFile,
                                     kHfGenerationConfigFile};

/// The target of this name. Error (config) naming those there are.
ExportTarget target_of(const std::string& name) {
  if (const auto target = enum_from_name<ExportTarget>(name)) return *target;
  std::vector<std::string> known;
  for (const auto& entry : enum_names<ExportTarget>) known.emplace_back(entry.name);
  const auto near = nearest_name(name, known);
  fail(ErrorKind::config, "--to: expected one of {}, got \"{}\"{}", fmt::join(known, ", "), name,
       near ? fmt::format("; did you mean \"{}\"?", *near) : "");
}

/// Only an earlier export is ever replaced: a foreign folder may hold files of the same names, and be the only copy.
void check_target(const fs::path& source, const fs::path& out) {
  std::error_code ignored;
  if (!fs::exists(out, ignored)) return;
  if (fs::equivalent(source, out, ignored)) {
    fail(ErrorKind::config, "--out: expected another folder than the checkpoint, got {}", out.string());
  }
  check_replaceable(out, kHuggingFaceFiles);
  if (fs::is_empty(out, ignored)) return;
  bool exported = false;
  try {
    exported = read_safetensors_header(out / kHfWeightsFile).metadata.contains(kExportKey);
  } catch (const Error&) {  // no such file, or a broken one: not made here
  }
  if (!exported) {
    fail(ErrorKind::config, "--out: expected a new folder or one that octet export made, which is replaced, got {}",
         out.string());
  }
}

/// Writes a folder of Hugging Face, whole or not at all, by `write(folder)`.
template <typename Write>
Exported write_folder(const fs::path& out, const Write& write) {
  if (out.has_parent_path()) make_folder(out.parent_path());
  AtomicFolder folder(out, kHuggingFaceFiles);
  Exported exported = write(folder.path());
  folder.commit();
  return exported;
}

}  // namespace

void export_verb(const CommonOptions& common, const ExportArguments& arguments) {
  const ExportTarget target = target_of(arguments.to);
  const fs::path source = arguments.checkpoint, out = common.out;
  if (common.out.empty()) fail(ErrorKind::config, "octet export: expected --out FOLDER, got none");
  check_target(source, out);
  const Tokenizer tokenizer = load_model_tokenizer(source);
  const std::unique_ptr<Gpt> model = load_any_model(source);
  stop_if_interrupted("export");
  const auto write = target == ExportTarget::hf ? export_hugging_face : export_compressed_tensors;
  const Exported exported =
      write_folder(out, [&](const fs::path& folder) { return write(folder, *model, tokenizer, program_version()); });
  for (const std::string& text : exported.notes) note(common, text);
  if (common.json) {
    nlohmann::json tensors = nlohmann::json::array();
    for (const ExportedTensor& tensor : exported.tensors) {
      tensors.push_back({{"name", tensor.name}, {"type", tensor.type}, {"from", tensor.from}});
    }
    print_exactly(json_text(nlohmann::json{{"folder", out.string()},
                                           {"to", arguments.to},
                                           {"tensors", tensors},
                                           {"notes", exported.notes}},
                            2) +
                  "\n");
    return;
  }
  print(fmt::format("{}: {}\n", out.string(), exported.summary));
}

}  // namespace octet
