#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include <fmt/ranges.h>

#include "base/config/field.h"
#include "base/error.h"
#include "base/files/known_folder.h"
#include "base/json.h"
#include "base/nearest.h"
#include "cli/console.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "io/gguf.h"
#include "io/safetensors.h"
#include "nn/export/compressed_tensors.h"
#include "nn/export/gguf.h"
#include "nn/export/hugging_face.h"
#include "nn/files/model_tokenizer.h"
#include "nn/files/quantized_file.h"

namespace octet {

/// What a model can become.
enum class ExportTarget { hf, compressed_tensors, gguf };

template <>
inline constexpr auto enum_names<ExportTarget> = std::to_array<EnumName<ExportTarget>>(
    {{ExportTarget::hf, "hf"}, {ExportTarget::compressed_tensors, "compressed-tensors"}, {ExportTarget::gguf, "gguf"}});

namespace {

namespace fs = std::filesystem;

const FileNames kHuggingFaceFiles = {kHfConfigFile, kHfWeightsFile, kHfTokenizerFile, kHfTokenizerConfigFile};

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
    exported = read_safetensors_header(out / kHfWeightsFile).metadata.contains(kExportedKey);
  } catch (const Error&) {  // no such file, or a broken one: not made here
  }
  if (!exported) {
    fail(ErrorKind::config, "--out: expected a new folder or one that octet export made, which is replaced, got {}",
         out.string());
  }
}

/// The same of a file: one that another program made may be the only copy.
void check_file_target(const fs::path& out) {
  std::error_code ignored;
  if (!fs::exists(out, ignored)) return;
  bool exported = false;
  try {
    exported = fs::is_regular_file(out, ignored) && GgufFile(out).contains(kGgufExportedKey);
  } catch (const Error&) {  // another file, or a broken one: not made here
  }
  if (!exported) {
    fail(ErrorKind::config, "--out: expected a new file or one that octet export made, which is replaced, got {}",
         out.string());
  }
}

/// The GGUF type of this name; null for none. Error (config) naming those there are.
const GgufType* gguf_type_of(const std::string& name) {
  if (name.empty()) return nullptr;
  const GgufType* type = find_gguf_type(name);
  if (type == nullptr || type->encode == nullptr) {
    fail(ErrorKind::config, "--type: expected one of {}, got \"{}\"", writable_gguf_types(), name);
  }
  return type;
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

/// "28 int4 per_group 32 as pack-quantized int4 group 32; 11 f32 as F32": what became of how many weights.
std::string summary(const std::vector<ExportedWeight>& weights) {
  std::vector<std::pair<std::string, int>> kinds;
  for (const ExportedWeight& weight : weights) {
    const std::string kind = fmt::format("{} as {}", weight.from, weight.to);
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& entry) { return entry.first == kind; });
    if (found == kinds.end()) {
      kinds.emplace_back(kind, 1);
    } else {
      ++found->second;
    }
  }
  std::string text;
  for (const auto& [kind, count] : kinds) text += fmt::format("{}{} {}", text.empty() ? "" : "; ", count, kind);
  return text;
}

nlohmann::json as_json(const fs::path& out, const std::string& target, const Exported& exported) {
  nlohmann::json weights = nlohmann::json::array();
  for (const ExportedWeight& weight : exported.weights) {
    weights.push_back({{"name", weight.name}, {"from", weight.from}, {"to", weight.to}, {"error", weight.error}});
  }
  return {{"folder", out.string()}, {"to", target}, {"weights", weights}, {"notes", exported.notes}};
}

}  // namespace

void export_verb(const CommonOptions& common, const ExportArguments& arguments) {
  const ExportTarget target = target_of(arguments.to);
  const bool to_file = target == ExportTarget::gguf;
  const GgufType* type = gguf_type_of(arguments.type);
  const fs::path source = arguments.checkpoint, out = common.out;
  if (type != nullptr && !to_file)
    fail(ErrorKind::config, "--type: only --to gguf has types, got --to {}", arguments.to);
  if (out.empty()) fail(ErrorKind::config, "octet export: expected --out {}, got none", to_file ? "FILE" : "FOLDER");
  if (to_file) {
    check_file_target(out);
  } else {
    check_target(source, out);
  }
  const Tokenizer tokenizer = load_model_tokenizer(source);
  const std::unique_ptr<Gpt> model = load_any_model(source);
  stop_if_interrupted("export");
  const auto write = [&]() -> Exported {
    if (to_file) {
      const auto sink = make_progress(common);
      StopsOnInterrupt progress("export", *sink);
      if (out.has_parent_path()) make_folder(out.parent_path());
      return export_gguf(out, *model, tokenizer,
                         {.type = type, .name = out.stem().string(), .made_by = program_version()}, progress);
    }
    const auto in_folder = target == ExportTarget::hf ? export_hugging_face : export_compressed_tensors;
    return write_folder(
        out, [&](const fs::path& folder) { return in_folder(folder, *model, tokenizer, program_version()); });
  };
  const Exported exported = write();
  for (const std::string& text : exported.notes) note(common, text);
  if (common.json) {
    print_exactly(json_text(as_json(out, arguments.to, exported), 2) + "\n");
    return;
  }
  print(fmt::format("{}: {}\n", out.string(), summary(exported.weights)));
}

}  // namespace octet
