// Loads a model, quantized or not, and writes the token ids and logits of a text: model_logits FOLDER TEXT
// OUT.safetensors
#include <cstdio>

#include "io/safetensors.h"
#include "nn/files/model_tokenizer.h"
#include "nn/files/quantized_file.h"

using namespace octet;

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fprintf(stderr, "usage: model_logits FOLDER TEXT OUT.safetensors\n");
    return 2;
  }
  const std::unique_ptr<Gpt> model = load_any_model(argv[1]);
  const Tokenizer tokenizer = load_model_tokenizer(argv[1]);
  const std::vector<std::int32_t> ids = tokenizer.encode(argv[2]);
  const Tensor input = Tensor::from(ids, {1, static_cast<std::int64_t>(ids.size())});
  const Tensor logits = model->forward(input);  // (1, T, V)
  write_safetensors(argv[3], std::vector<NamedTensor>{{"ids", input}, {"logits", logits}});
  std::printf("%zu tokens, for each logits of %lld\n", ids.size(), static_cast<long long>(logits.dim(2)));
} catch (const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
