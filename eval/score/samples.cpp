#include "eval/score/samples.h"

#include "nn/generation/generate.h"
#include "tensor/autograd/node.h"

namespace octet {

std::vector<TextSample> make_samples(std::span<const NamedModel> models, const Tokenizer& tokenizer,
                                     std::span<const std::string> prompts, const SamplingOptions& options) {
  const NoGrad no_grad;
  std::vector<TextSample> samples;
  for (const std::string& prompt : prompts) {
    const std::vector<std::int32_t> ids = tokenizer.encode(prompt);
    for (const NamedModel& entry : models) {
      samples.push_back({entry.name, prompt, tokenizer.decode(generate(*entry.model, ids, options))});
    }
  }
  return samples;
}

}  // namespace octet
