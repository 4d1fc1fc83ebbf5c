#include "nn/import/hugging_face_config.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const auto config =
      fuzz::accepted([&] { return read_hugging_face_config(fuzz::as_text(data, size), "config.json"); });
  if (config) {
    fuzz::promise(config->model.width % config->model.heads == 0, "heads divide the width");
    fuzz::promise(config->model.heads % config->model.key_value_heads() == 0, "key heads divide the heads");
    checked(config->model);
  }
  return 0;
}
