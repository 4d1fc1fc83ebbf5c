#include "nn/import/layout.h"

#include <gmock/gmock.h>

#include "tests/support/error_of.h"
#include "tests/support/tiny_gpt.h"

namespace octet {
namespace {

using testing::HasSubstr;

/// A file of another format without these tensors would be another model.
TEST(Layout, RefusesByNameWhatOtherFormatsCannotExpress) {
  for (GptConfig config : {tiny_llama(), tiny_gpt2()}) {
    config.attention_gate = true;
    EXPECT_THAT(error_of(ErrorKind::config, [&] { hugging_face_layout(config); }),
                HasSubstr("expected a model without model.attention_gate, which a model of Hugging Face"));
    EXPECT_THAT(error_of(ErrorKind::config, [&] { gguf_layout(config, "llama"); }),
                HasSubstr("expected a model without model.attention_gate, which a GGUF file"));
    config.attention_gate = false;
    config.qk_norm = true;
    EXPECT_THAT(error_of(ErrorKind::config, [&] { gguf_layout(config, "llama"); }), HasSubstr("model.qk_norm"));
    config.qk_norm = false;
    config.attention_clip = 0.5;
    EXPECT_THAT(error_of(ErrorKind::config, [&] { hugging_face_layout(config); }), HasSubstr("model.attention_clip"));
    config.attention_clip = 0;
    EXPECT_EQ(error_of([&] { gguf_layout(config, "llama"); }), "no error");
  }
}

}  // namespace
}  // namespace octet
