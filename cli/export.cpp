#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/files/read_file.h"
#include "base/json.h"
#include "base/shown_text.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/export_target.h"
#include "cli/model_folder.h"
#include "cli/out_place.h"
#include "cli/run_folder.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "eval/score/window_batches.h"
#include "io/gguf.h"
#include "io/safetensors.h"
#include "nn/export/compressed_tensors.h"
#include "nn/export/gguf.h"
#include "nn/export/hugging_face.h"
#include "nn/export/imatrix.h"
#include "nn/export/kld_base.h"
#include "nn/files/model_tokenizer.h"
#include "nn/files/quantized_file.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

struct ExportArguments {
  std::string checkpoint;
  std::string to;    ///< a name of ExportTarget
  std::string type;  ///< of the matrices of a GGUF file; empty: as the checkpoint has them

  // Of targets that run the model on a text.
  std::string text;          ///< file
  std::int64_t context = 0;  ///< tokens of a window; 0: the model's context, at most 512
  std::int64_t windows = 0;  ///< at most, evenly spread; 0: all
};

const FileNames kHuggingFaceFiles = {kHfConfigFile, kHfWeightsFile, kHfTokenizerFile, kHfTokenizerConfigFile};

/// Whether a file of GGUF, or the weights of a folder, say that an export made them.
bool is_exported_file(const fs::path& file) {
  return GgufFile(file).contains(kGgufExportedKey);
}
bool is_exported_folder(const fs::path& folder) {
  return read_safetensors_header(folder / kHfWeightsFile).metadata.contains(kExportedKey);
}

void check_target(ExportTarget target, const fs::path& source, const fs::path& out) {
  expect_outside(source, out, "the checkpoint");
  const Replaceable folder = {"one that octet export made", [&] { return is_exported_folder(out); }};
  const Replaceable file = {"one that octet export made", [&] { return is_exported_file(out); }};
  if (!makes_file(target)) {
    check_out_folder(out, kHuggingFaceFiles, folder);
  } else {
    check_out_file(out, target == ExportTarget::kld_base ? nullptr : &file);
  }
}

/// The GGUF type of this name; null for none. Error (config) naming those there are.
const GgufType* gguf_type_of(const std::string& name) {
  if (name.empty()) return nullptr;
  const GgufType* type = find_gguf_type(name);
  if (type == nullptr || type->encode == nullptr) {
    fail(ErrorKind::config, "--type: expected one of {}, got \"{}\"", writable_gguf_types(), excerpt(name));
  }
  return type;
}

using WriteFolder = Exported(const fs::path&, Gpt&, const Tokenizer&, const std::string& made_by, ProgressSink&);

/// A folder of Hugging Face, whole or not at all.
Exported write_folder(const fs::path& out, WriteFolder* write, Gpt& model, const Tokenizer& tokenizer,
                      ProgressSink& progress) {
  if (out.has_parent_path()) make_folder(out.parent_path());
  AtomicFolder folder(out, kHuggingFaceFiles);
  Exported exported = write(folder.path(), model, tokenizer, program_version(), progress);
  stop_if_interrupted("export");
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
  const char* kind = makes_file(target_of(target)) ? "file" : "folder";
  nlohmann::json weights = nlohmann::json::array();
  for (const ExportedWeight& weight : exported.weights) {
    weights.push_back({{"name", weight.name}, {"from", weight.from}, {"to", weight.to}, {"error", weight.error}});
  }
  return {{kind, out.string()}, {"to", target}, {"weights", weights}, {"notes", exported.notes}};
}

/// Errors (config): options that the target has no use for, or lacks.
void check_options(ExportTarget target, const ExportArguments& arguments, const std::string& out) {
  const auto refuse_unless = [&](bool ok, const char* option, const char* targets) {
    if (!ok) fail(ErrorKind::config, "{}: only --to {} has it, got --to {}", option, targets, arguments.to);
  };
  refuse_unless(arguments.type.empty() || target == ExportTarget::gguf, "--type", "gguf");
  const bool text_options = !arguments.text.empty() || arguments.context != 0 || arguments.windows != 0;
  refuse_unless(!text_options || reads_text(target), "--text, --context, --windows", "imatrix and kld-base");
  if (reads_text(target) && arguments.text.empty()) {
    fail(ErrorKind::config, "octet export: expected --text FILE for --to {}, got none", arguments.to);
  }
  if (out.empty()) {
    fail(ErrorKind::config, "octet export: expected --out {}, got none", makes_file(target) ? "FILE" : "FOLDER");
  }
}

/// The text in windows as llama.cpp cuts it.
TokenWindows windows_of_text(const ExportArguments& arguments, const Tokenizer& tokenizer, const GptConfig& config) {
  const std::int64_t context = arguments.context != 0 ? arguments.context : std::min(config.context, kUsualContext);
  if (context > config.context) {
    fail(ErrorKind::config, "--context: expected at most the {} positions of the model, got {}", config.context,
         context);
  }
  std::vector<std::int32_t> ids = tokenizer.encode(read_text_stream(arguments.text));
  if (const auto begin = tokenizer.begin_of_text()) ids.insert(ids.begin(), *begin);
  TokenWindows windows;
  try {
    for (Window& window : pick_windows(llama_cpp_windows(ids, tokenizer, context), arguments.windows)) {
      windows.push_back(std::move(window.tokens));
    }
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}", arguments.text, error.what());
  }
  return windows;
}

void report(const CommonOptions& common, const ExportArguments& arguments, const Exported& exported) {
  for (const std::string& text : exported.notes) note(common, text);
  if (common.json) {
    print_exactly(json_text(as_json(common.out, arguments.to, exported), 2) + "\n");
  } else {
    print(fmt::format("{}: {}\n", common.out, summary(exported.weights)));
  }
}

void report_windows(const CommonOptions& common, const ExportArguments& arguments, const TokenWindows& windows,
                    const std::string& what) {
  if (common.json) {
    const nlohmann::json json = {
        {"file", common.out}, {"to", arguments.to}, {"windows", windows.size()}, {"context", windows.front().size()}};
    print_exactly(json_text(json, 2) + "\n");
  } else {
    print(fmt::format("{}: {} of {} windows of {} tokens\n", common.out, what, windows.size(), windows.front().size()));
  }
}

/// Writes a model of Octet as files of another program (--out).
void export_verb(const CommonOptions& common, const ExportArguments& given) {
  const ExportArguments arguments = of_model(common, given);
  const ExportTarget target = target_of(arguments.to);
  check_options(target, arguments, common.out);
  const GgufType* type = gguf_type_of(arguments.type);
  const fs::path source = arguments.checkpoint, out = common.out;
  check_target(target, source, out);
  check_place_of(out);
  const Tokenizer tokenizer = load_model_tokenizer(source);
  const std::unique_ptr<Gpt> model = load_any_model(source);
  TokenWindows windows;
  if (reads_text(target)) {
    windows = windows_of_text(arguments, tokenizer, model->config());
    model->to(device_of(common));
  }
  stop_if_interrupted("export");
  const auto sink = make_progress(common);
  StopsOnInterrupt progress("export", *sink);
  if (makes_file(target) && out.has_parent_path()) make_folder(out.parent_path());
  switch (target) {
    case ExportTarget::hf:
      report(common, arguments, write_folder(out, export_hugging_face, *model, tokenizer, progress));
      break;
    case ExportTarget::compressed_tensors:
      report(common, arguments, write_folder(out, export_compressed_tensors, *model, tokenizer, progress));
      break;
    case ExportTarget::gguf:
      report(common, arguments,
             export_gguf(out, *model, tokenizer,
                         {.type = type, .name = out.stem().string(), .made_by = program_version()}, progress));
      break;
    case ExportTarget::imatrix: {
      const int tensors = export_imatrix(out, *model, windows, arguments.text, program_version(), progress);
      report_windows(common, arguments, windows, fmt::format("inputs of {} tensors", tensors));
      break;
    }
    case ExportTarget::kld_base:
      export_kld_base(out, *model, windows, progress);
      report_windows(common, arguments, windows, "logits");
      break;
  }
}

}  // namespace

void add_export(VerbList& verbs) {
  auto [options, arguments] =
      verbs.add("export", "make a model of Octet files of another program (--out)", export_verb);
  add_any_checkpoint(options, arguments.checkpoint).required();
  options.text("--to", arguments.to, "what files to make: hf, compressed-tensors, gguf, imatrix or kld-base")
      .required();
  options.text("--type", arguments.type,
               "of all matrices of a GGUF file: F32, F16, Q8_0, Q4_0 ... (as the checkpoint has them)");
  options.text("--text", arguments.text, "file that the model reads for imatrix and kld-base");
  options.integer("--context", arguments.context, {1, kMostPositions},
                  "tokens of a window of it (the model's context, at most 512)");
  options.integer("--windows", arguments.windows, {0, kMostTokens},
                  "how many at most, spread over the text; 0: all (0)");
  options.without({"--seed"});
}

}  // namespace octet
