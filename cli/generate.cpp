#include "nn/generation/generate.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include "base/config/config.h"
#include "base/json.h"
#include "base/shown_text.h"
#include "base/utf8.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/model_folder.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "nn/files/model_tokenizer.h"
#include "nn/files/quantized_file.h"

namespace octet {
namespace {

constexpr std::int64_t kMostVocabulary = std::int64_t{1} << 24;
constexpr double kMostTemperature = 1000;

struct GenerateArguments {
  std::string checkpoint;
  std::string prompt;
  std::int64_t tokens = 200;
  double temperature = 0.8;
  std::int64_t top_k = 40;
  double top_p = 0.95;
  std::string kv = "f32";  ///< keys and values in the cache: f32 or int8
};

/// Says what the model does not see; see nn/generation/generate.h.
void note_context(const CommonOptions& common, std::int64_t context, std::int64_t prompt, std::int64_t tokens) {
  if (prompt > context) {
    note(common,
         fmt::format("the prompt has {} tokens: only the last {}, the model's context, count", prompt, context));
  } else if (prompt + tokens > context + 1) {
    note(common, fmt::format("prompt and text may take {} tokens: where the context of {} is full, the model forgets "
                             "all but the last half of it",
                             prompt + tokens, context));
  }
}

void generate_verb(const CommonOptions& common, const GenerateArguments& arguments) {
  SamplingOptions options;
  options.max_tokens = arguments.tokens;
  options.temperature = arguments.temperature;
  options.top_k = arguments.top_k;
  options.top_p = arguments.top_p;
  options.seed = common.seed.value_or(options.seed);
  const std::filesystem::path folder = model_folder(common, arguments.checkpoint);
  const std::unique_ptr<Gpt> model = load_any_model(folder);
  model->to(device_of(common));
  const Tokenizer tokenizer = load_model_tokenizer(folder);
  if (options.top_k > model->config().vocabulary) {
    fail(ErrorKind::config, "--top-k: expected at most the model's vocabulary of {}, got {}",
         model->config().vocabulary, options.top_k);
  }
  std::vector<std::int32_t> prompt = tokenizer.encode(arguments.prompt);
  if (const auto begin = tokenizer.begin_of_text()) {
    prompt.insert(prompt.begin(), *begin);
  }
  note_context(common, model->config().context, static_cast<std::int64_t>(prompt.size()), options.max_tokens);
  options.stop_token = tokenizer.end_of_text();
  std::string text, unfinished;
  const bool to_terminal = isatty(STDOUT_FILENO) == 1;
  // A file or pipe gets the bytes of the model; a terminal gets whole characters that cannot steer it.
  const auto show = [&](const std::string& bytes) {
    if (!to_terminal) {
      print_exactly(bytes);
      return;
    }
    unfinished += bytes;
    const std::size_t whole = valid_utf8_prefix(unfinished);
    const std::size_t shown = unfinished.size() - whole < 4 ? whole : unfinished.size();  // else broken, not unfinished
    print(unfinished.substr(0, shown));
    unfinished.erase(0, shown);
  };
  if (!common.json) {
    show(arguments.prompt);
  }
  generate(
      *model, prompt, options,
      [&](std::int32_t id) {
        stop_if_interrupted("generate");
        text += tokenizer.token(id);
        if (!common.json) {
          show(tokenizer.token(id));
        }
      },
      *enum_from_name<KvFormat>(arguments.kv));
  // A token may end within a UTF-8 character: JSON gets the replacement character there.
  print_exactly(common.json ? json_text(nlohmann::json{{"prompt", arguments.prompt}, {"text", text}}, 2) + "\n"
                            : shown_text(unfinished) + "\n");
}

}  // namespace

void add_generate(VerbList& verbs) {
  auto [options, arguments] = verbs.add("generate", "continue a text", generate_verb);
  add_any_checkpoint(options, arguments.checkpoint).required();
  options.text("--prompt", arguments.prompt, "text to continue").required();
  options
      .integer("--tokens", arguments.tokens, {0, kMostTokens},
               "how many tokens at most; beyond the model's context it forgets all but the last half of that, "
               "again and again")
      .shows_default();
  options.number("--temperature", arguments.temperature, {0, kMostTemperature}, "0: always the likeliest")
      .shows_default();
  options
      .integer("--top-k", arguments.top_k, {0, kMostVocabulary},
               "choose among the k likeliest, at most the vocabulary; 0: all")
      .shows_default();
  options.number("--top-p", arguments.top_p, {0, 1}, "choose within this probability").shows_default();
  add_kv(options, arguments.kv);
  options.without({"--out"});
}

}  // namespace octet
