#include "nn/import/gguf_model.h"

#include <set>
#include <string>

#include "base/error.h"
#include "base/shown_text.h"
#include "io/gguf_parts.h"
#include "nn/import/fill.h"
#include "nn/import/fit_vocabulary.h"
#include "nn/import/layout.h"
#include "text/token_lists.h"

namespace octet {
namespace {

class GgufTensors final : public TensorSource {
 public:
  explicit GgufTensors(const GgufParts& parts) : parts_(parts) {
    for (const auto& [file, tensor] : parts.tensors()) {
      tensors_.push_back({tensor->name, tensor->shape, std::string(tensor->type->name), file->where()});
    }
  }

  const std::vector<SourceTensor>& tensors() const override { return tensors_; }
  Tensor read(std::size_t i) const override {
    const auto& [file, tensor] = parts_.tensors()[i];
    return file->read(*tensor);
  }
  std::optional<BlockRows> read_blocks(std::size_t i) const override {
    const auto& [file, tensor] = parts_.tensors()[i];
    if (tensor->shape.rank() != 2 || !has_format(*tensor->type)) return std::nullopt;
    return BlockRows{tensor->type, tensor->shape[0], tensor->shape[1], file->read_bytes(*tensor)};
  }
  bool contains(const std::string& name) const {
    for (const SourceTensor& tensor : tensors_) {
      if (tensor.name == name) return true;
    }
    return false;
  }

 private:
  const GgufParts& parts_;
  std::vector<SourceTensor> tensors_;
};

/// Reads the keys of the architecture; remembers which it has understood.
class KeyReader {
 public:
  explicit KeyReader(const GgufFile& file) : file_(file), architecture_(file.text("general.architecture")) {
    if (architecture_ != "llama" && architecture_ != "qwen2" && architecture_ != "gpt2") {
      fail(ErrorKind::input, "{}: key general.architecture: expected llama, qwen2 or gpt2, got \"{}\"", file.where(),
           excerpt(architecture_));
    }
  }

  GptConfig read(const GgufTensors& tensors) {
    GptConfig config;
    config.architecture = architecture_ == "gpt2" ? Architecture::gpt2 : Architecture::llama;
    config.vocabulary = static_cast<std::int64_t>(file_.texts("tokenizer.ggml.tokens").size());
    config.context = integer("context_length");
    config.width = integer("embedding_length");
    config.layers = integer("block_count");
    config.hidden = integer("feed_forward_length");
    config.heads = integer("attention.head_count");
    config.kv_heads = optional("attention.head_count_kv").value_or(config.heads);
    config.tied_head = !tensors.contains("output.weight");
    expect_heads("attention.head_count", config.heads);
    expect_heads("attention.head_count_kv", config.kv_heads);
    const bool is_llama = config.architecture == Architecture::llama;
    config.norm_epsilon = number(is_llama ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon");
    if (is_llama) {  // qwen2 always has the first
      config.qkv_bias = architecture_ == "qwen2" || tensors.contains("blk.0.attn_q.bias");
      config.output_bias = tensors.contains("blk.0.attn_output.bias");
      config.mlp_bias = tensors.contains("blk.0.ffn_down.bias");
    }
    if (is_llama && file_.contains(key("rope.freq_base"))) config.rope_theta = number("rope.freq_base");
    for (const char* name : {"rope.dimension_count", "attention.key_length", "attention.value_length"}) {
      expect_same(name, config.head_dim(), "the width of a head");
    }
    for (const char* name : {"expert_count", "expert_used_count"})
      expect_same(name, 0, "since experts are not supported");
    expect_same("vocab_size", config.vocabulary, "the number of tokenizer.ggml.tokens");
    expect_no_scaling();
    refuse_unknown();
    if (!is_llama && config.kv_heads != config.heads) {
      refuse("attention.head_count_kv", "expected the {} heads of gpt2, got {}", config.heads, config.kv_heads);
    }
    try {
      checked(config);
    } catch (const Error& error) {
      fail(ErrorKind::input, "{}: {}", file_.where(), error.what());
    }
    return config;
  }

 private:
  template <typename... Args>
  [[noreturn]] void refuse(const std::string& name, fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::input, "{}: key {}: {}", file_.where(), key(name),
         fmt::format(format, std::forward<Args>(args)...));
  }

  std::string key(const std::string& name) const { return architecture_ + "." + name; }
  std::int64_t integer(const std::string& name) {
    constexpr std::int64_t kMost = std::int64_t{1} << 31;
    seen_.insert(key(name));
    const std::int64_t value = file_.integer(key(name));
    if (value < 0 || value > kMost) refuse(name, "expected an integer from 0 to {}, got {}", kMost, value);
    return value;
  }
  std::optional<std::int64_t> optional(const std::string& name) {
    return file_.contains(key(name)) ? std::optional(integer(name)) : std::nullopt;
  }
  /// The shortest decimal number with the same FP32 value: 1e-5 and not 9.999999747378752e-06.
  double number(const std::string& name) {
    seen_.insert(key(name));
    return std::stod(fmt::format("{}", static_cast<float>(file_.number(key(name)))));
  }

  void expect_heads(const std::string& name, std::int64_t heads) const {
    if (heads < 1) refuse(name, "expected at least 1 head, got {}", heads);
  }

  void expect_same(const std::string& name, std::int64_t expected, const char* why) {
    const auto found = optional(name);
    if (found && *found != expected) refuse(name, "expected {}, {}, got {}", expected, why, *found);
  }

  void expect_no_scaling() {
    const std::string name = "rope.scaling.type";
    if (!file_.contains(key(name))) return;
    seen_.insert(key(name));
    if (file_.text(key(name)) != "none") {
      refuse(name, "only RoPE without scaling is supported, got \"{}\"", excerpt(file_.text(key(name))));
    }
  }

  void refuse_unknown() const {
    for (const auto& [name, value] : file_.values()) {
      if (name.starts_with(architecture_ + ".") && !seen_.contains(name)) {
        fail(ErrorKind::input, "{}: key {}: it is not known, and may change what the model computes", file_.where(),
             name);
      }
    }
  }

  const GgufFile& file_;
  std::string architecture_;
  std::set<std::string> seen_;
};

/// Adapters and vocabularies alone have the same container.
void expect_whole_model(const GgufFile& file) {
  if (file.contains("general.type") && file.text("general.type") != "model") {
    fail(ErrorKind::input, "{}: key general.type: expected model, got \"{}\"", file.where(),
         excerpt(file.text("general.type")));
  }
}

std::optional<std::int64_t> begin_of_text(const GgufFile& file) {
  if (!file.optional_flag(kGgufHasBeginKey).value_or(true)) return std::nullopt;
  return file.optional_integer("tokenizer.ggml.bos_token_id");
}

Vocabulary read_vocabulary(const GgufFile& file) {
  if (file.text("tokenizer.ggml.model") != "gpt2") {
    fail(ErrorKind::input, "{}: key tokenizer.ggml.model: expected gpt2 (byte-level BPE), got \"{}\"", file.where(),
         excerpt(file.text("tokenizer.ggml.model")));
  }
  for (const char* key : {"tokenizer.ggml.add_eos_token", "tokenizer.ggml.add_space_prefix"}) {
    if (file.optional_flag(key).value_or(false)) {
      fail(ErrorKind::input, "{}: key {}: only false is supported", file.where(), key);
    }
  }
  TokenLists lists;
  lists.tokens = file.texts("tokenizer.ggml.tokens");
  lists.merges = file.texts("tokenizer.ggml.merges");
  lists.pattern = file.text("tokenizer.ggml.pre");
  lists.bos = begin_of_text(file);
  lists.adds_bos = file.optional_flag("tokenizer.ggml.add_bos_token");
  const std::string types = "tokenizer.ggml.token_type";
  if (file.contains(types)) lists.types = file.integers(types);
  return vocabulary_from_lists(lists, file.where());
}

}  // namespace

ImportedModel import_gguf(const std::filesystem::path& path, ProgressSink& progress, const ImportOptions& options) {
  const GgufParts parts(path);
  const GgufFile& file = parts.first();
  expect_whole_model(file);
  const GgufTensors tensors(parts);
  const GptConfig config = KeyReader(file).read(tensors);
  std::vector<std::string> notes;
  Tokenizer tokenizer = fit_vocabulary(read_vocabulary(file), config.vocabulary, file.where(), begin_of_text(file),
                                       file.optional_integer("tokenizer.ggml.eos_token_id"), notes);
  const SourceLayout layout = gguf_layout(config, file.text("general.architecture"));
  FilledModel filled = filled_model(config, layout, tensors, file.where(), options, progress);
  return {std::move(filled.model), std::move(tokenizer), tensors.tensors(), std::move(filled.kept), std::move(notes)};
}

}  // namespace octet
