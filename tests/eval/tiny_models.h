#pragma once

#include <cstdint>
#include <vector>

#include "eval/score/windows.h"
#include "nn/gpt.h"
#include "nn/initialize.h"
#include "tests/support/tiny_gpt.h"

namespace octet {

/// Two layers of both architectures, small enough for unit tests, with sizes that are no powers of two.
inline GptConfig tiny_config(Architecture architecture) {
  GptConfig config = tiny_gpt2();
  config.architecture = architecture;
  config.context = 16;
  return config;
}

/// Windows of `length` predictions over made-up tokens.
inline std::vector<Window> tiny_windows(std::int64_t count, std::int64_t length, std::int64_t vocabulary = 23) {
  std::vector<Window> windows;
  for (std::int64_t w = 0; w < count; ++w) {
    Window window;
    for (std::int64_t t = 0; t <= length; ++t) {
      window.tokens.push_back(static_cast<std::int32_t>((w * w + 7 * t + t * t) % vocabulary));
    }
    window.bytes_scored = length;
    windows.push_back(std::move(window));
  }
  return windows;
}

}  // namespace octet
