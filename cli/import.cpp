#include <map>
#include <nlohmann/json.hpp>

#include "base/config/config.h"
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/out_place.h"
#include "cli/run_folder.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "nn/cost.h"
#include "nn/files/model_file.h"
#include "nn/files/model_tokenizer.h"
#include "nn/files/quantized_file.h"
#include "nn/import/import_model.h"
#include "text/tokenizer_file.h"

namespace octet {
namespace {

struct ImportArguments {
  std::string source;                       ///< folder of Hugging Face or GGUF file
  bool fp32 = false;                        ///< all matrices of a GGUF file become FP32
  bool half = false;                        ///< those of a folder in F16 or BF16 stay so
  std::string activations = "weight_only";  ///< of layers that stay integer: or dynamic
};

namespace fs = std::filesystem;

const FileNames kFiles = {kModelConfigFile, kModelWeightsFile, kTokenizerFile};

void check_target(const fs::path& source, const fs::path& out) {
  expect_another(source, out, "the source");
  check_out_folder(out, kFiles, {"a model of Octet", [&] {
                                   read_model_description(out);  // an Error where it is none
                                   return true;
                                 }});
}

/// What stores a tensor now: "int4 per_group 32", or "F32".
std::string stored_as(const ImportedModel& imported, const SourceTensor& tensor) {
  const auto found = imported.kept.find(tensor.name);
  return found == imported.kept.end() ? "F32" : found->second;
}

/// "210 Q4_1 as int4 per_group 32 with minimum, 61 F32": what became of how many tensors.
std::string type_summary(const ImportedModel& imported) {
  std::map<std::string, int> counts;
  for (const SourceTensor& tensor : imported.tensors) {
    const std::string now = stored_as(imported, tensor);
    ++counts[now == tensor.type ? now : tensor.type + " as " + now];
  }
  std::string text;
  for (const auto& [type, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, type);
  }
  return text;
}

nlohmann::json as_json(const fs::path& out, const ImportedModel& imported) {
  nlohmann::json tensors = nlohmann::json::array();
  for (const SourceTensor& tensor : imported.tensors) {
    tensors.push_back({{"name", tensor.name},
                       {"shape", tensor.shape.sizes()},
                       {"from", tensor.type},
                       {"to", stored_as(imported, tensor)}});
  }
  return {{"checkpoint", out.string()},
          {"model", to_json(imported.model->config())},
          {"tensors", tensors},
          {"notes", imported.notes}};
}

/// Writes a model of another program as a model folder of Octet (--out).
void import_verb(const CommonOptions& common, const ImportArguments& arguments) {
  const fs::path source = arguments.source, out = common.out;
  if (common.out.empty()) fail(ErrorKind::config, "octet import: expected --out FOLDER, got none");
  if (arguments.fp32 && arguments.half) fail(ErrorKind::config, "--half: expected none beside --fp32, got both");
  check_target(source, out);
  check_place_of(out);
  const auto sink = make_progress(common);
  StopsOnInterrupt progress("import", *sink);
  ImportedModel imported = import_model(source, progress,
                                        {.fp32 = arguments.fp32,
                                         .half = arguments.half,
                                         .activations = enum_from_name<Activations>(arguments.activations).value()});
  if (out.has_parent_path()) make_folder(out.parent_path());
  AtomicFolder folder(out, kFiles);
  save_any_model(folder.path(), *imported.model, {},
                 {.tokenizer_sha256 = tokenizer_sha256(imported.tokenizer),
                  .fp32_sha256 = {},
                  .calibration_sha256 = {},
                  .made_by = program_version()},
                 progress);
  save_tokenizer(imported.tokenizer, (folder.path() / kTokenizerFile).string());
  folder.commit();
  for (const std::string& text : imported.notes) note(common, text);
  if (common.json) {
    print_exactly(json_text(as_json(out, imported), 2) + "\n");
    return;
  }
  const GptConfig& config = imported.model->config();
  print(fmt::format(
      "{}: {} of {} layers, width {}, {} heads, context {}, {} parameters, vocabulary {}\n"
      "{} tensors read: {}; all exactly\n",
      out.string(), config.architecture == Architecture::llama ? "llama" : "gpt2", config.layers, config.width,
      config.heads, config.context, format_count(static_cast<double>(parameter_count(config))), config.vocabulary,
      imported.tensors.size(), type_summary(imported)));
}

}  // namespace

void add_import(VerbList& verbs) {
  auto [options, arguments] =
      verbs.add("import", "make a model of Hugging Face, or a GGUF file, a model of Octet (--out)", import_verb);
  options.text("source", arguments.source, "folder with config.json, tokenizer.json and safetensors, or GGUF file")
      .required();
  options.flag("--fp32", arguments.fp32,
               "make integer blocks and halves of a GGUF file FP32 too: for training and for recipes");
  options.flag("--half", arguments.half,
               "keep F16 and BF16 matrices of a folder: half the memory, but neither recipes nor training");
  options
      .choice("--activations", arguments.activations, {"weight_only", "dynamic"},
              "what layers that stay integer multiply: weight_only (FP32) or dynamic (int8)")
      .shows_default();
  options.without({"--seed", "--device", "--math"});
}

}  // namespace octet
