#include "nn/files/model_tokenizer.h"

#include "base/error.h"
#include "base/sha256.h"
#include "nn/files/model_file.h"
#include "text/tokenizer_file.h"

namespace octet {

std::string tokenizer_sha256(const Tokenizer& tokenizer) {
  return sha256_hex(tokenizer_to_json(tokenizer));
}

Tokenizer load_model_tokenizer(const std::filesystem::path& folder) {
  const std::string file = (folder / kTokenizerFile).string();
  Tokenizer tokenizer = load_tokenizer(file, MissingBytes::left_out);  // an imported one may lack some
  const std::int64_t vocabulary = read_model_description(folder).config.vocabulary;
  if (tokenizer.vocab_size() != vocabulary) {
    fail(ErrorKind::input, "{}: expected the tokenizer of the model beside it, with {} tokens, got one with {}", file,
         vocabulary, tokenizer.vocab_size());
  }
  const std::string expected = read_model_ties(folder).tokenizer_sha256;
  const std::string found = tokenizer_sha256(tokenizer);
  if (!expected.empty() && found != expected) {
    fail(ErrorKind::input, "{}: expected the tokenizer that {} was trained with, of SHA-256 {}, got another one, of {}",
         file, kModelWeightsFile, expected, found);
  }
  return tokenizer;
}

}  // namespace octet
