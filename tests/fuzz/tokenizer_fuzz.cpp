#include "tests/fuzz/fuzz.h"
#include "text/normal_form.h"
#include "text/tokenizer_file.h"

namespace octet::fuzz {
namespace {

/// Every byte, then words and spaces.
std::string sample_text() {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) {
    text += static_cast<char>(byte);
  }
  return text + " the cat sees the house, the house don't see 12 cats.\n\n  <|endoftext|>caf\u00e9 the e\u0301\u0323";
}

void use(const Tokenizer& tokenizer, const std::string& text) {
  const std::string plain = tokenizer.decode(tokenizer.encode(text));
  const auto ids = tokenizer.encode(text, SpecialText::recognise);
  if (!tokenizer.vocabulary().nfc) {
    promise(plain == text, "what was encoded decodes to the same text");
    promise(tokenizer.decode(ids) == text, "what was encoded with special tokens decodes to the same text");
  } else if (tokenizer.vocabulary().added.empty()) {  // what lies between added tokens is normalized part by part
    promise(plain == normal_form_c(text), "what was encoded decodes to the normal form of the text");
    promise(normal_form_c(plain) == plain, "a normal form is that of itself");
  }
  for (const std::int32_t id : ids) {
    tokenizer.text_bytes(id);
  }
}

}  // namespace
}  // namespace octet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const std::string_view json = fuzz::as_text(data, size);
  if (const auto tokenizer = fuzz::accepted([&] { return tokenizer_from_json(json, "tokenizer.json"); })) {
    fuzz::use(*tokenizer, fuzz::sample_text());
    fuzz::use(*tokenizer, std::string(json.substr(0, 4096)));
    tokenizer->end_of_text();
    const Tokenizer again = tokenizer_from_json(tokenizer_to_json(*tokenizer), "written");
    fuzz::promise(again.vocabulary() == tokenizer->vocabulary(), "a tokenizer that was written reads back equal");
  }
  if (const auto lossy =
          fuzz::accepted([&] { return tokenizer_from_json(json, "tokenizer.json", MissingBytes::left_out); })) {
    lossy->encode(fuzz::sample_text(), SpecialText::recognise);
    const Tokenizer again = tokenizer_from_json(tokenizer_to_json(*lossy), "written", MissingBytes::left_out);
    fuzz::promise(again.vocabulary() == lossy->vocabulary(), "a tokenizer that lacks bytes reads back equal");
  }
  return 0;
}
