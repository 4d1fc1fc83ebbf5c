#include "nn/import/import_model.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"
#include "text/tokenizer_file.h"

namespace octet::fuzz {
namespace {

void use(ImportedModel& imported) {
  const Tensor ids = Tensor::zeros({1, 1}, DType::i32);
  promise(imported.model->forward(ids).elements() == imported.model->config().vocabulary,
          "a model that was accepted has logits for its vocabulary");
  promise(imported.tokenizer.vocab_size() == imported.model->config().vocabulary, "every row has a token");
  imported.tokenizer.encode("The cat <|endoftext|> 12\n", SpecialText::recognise);
  const Tokenizer again = tokenizer_from_json(tokenizer_to_json(imported.tokenizer), "written", MissingBytes::left_out);
  promise(again.vocabulary() == imported.tokenizer.vocabulary(), "a tokenizer that was written reads back equal");
}

}  // namespace
}  // namespace octet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const MemoryFile file(data, size);
  NullProgress silent;
  if (auto imported = fuzz::accepted([&] { return import_model(file.path(), silent); })) {
    fuzz::use(*imported);
  }
  return 0;
}
