#include "nn/generate.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include "base/config.h"
#include "base/shown_text.h"
#include "base/utf8.h"
#include "cli/console.h"
#include "cli/device.h"
#include "nn/quantized_file.h"
#include "train/model_tokenizer.h"

namespace octet {

void generate_verb(const CommonOptions& common, const GenerateArguments& arguments) {
  SamplingOptions options;
  options.max_tokens = arguments.tokens;
  options.temperature = arguments.temperature;
  options.top_k = arguments.top_k;
  options.top_p = arguments.top_p;
  options.seed = common.seed.value_or(options.seed);
  override_and_check(options, "generate");
  const std::filesystem::path folder = arguments.checkpoint;
  const std::unique_ptr<Gpt> model = load_any_model(folder);
  model->to(device_of(common));
  const Tokenizer tokenizer = load_model_tokenizer(folder);
  const std::vector<std::int32_t> prompt = tokenizer.encode(arguments.prompt);
  if (prompt.empty()) {
    fail(ErrorKind::config, "--prompt: expected some text to continue, got an empty one");
  }
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
  generate(
      *model, prompt, options,
      [&](std::int32_t id) {
        stop_if_interrupted("generate");
        text += tokenizer.token(id);
        if (!common.json) {
          show(text.size() == tokenizer.token(id).size() ? arguments.prompt + tokenizer.token(id)
                                                         : tokenizer.token(id));
        }
      },
      *enum_from_name<KvFormat>(arguments.kv));
  // A token may end within a UTF-8 character: JSON gets the replacement character there.
  using nlohmann::json;
  print_exactly(common.json ? json{{"prompt", arguments.prompt}, {"text", text}}.dump(2, ' ', false,
                                                                                      json::error_handler_t::replace) +
                                  "\n"
                            : shown_text(unfinished) + "\n");
}

}  // namespace octet
