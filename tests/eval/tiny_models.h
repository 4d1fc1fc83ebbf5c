#pragma once

#include <cstdint>
#include <vector>

#include "eval/score/windows.h"
#include "nn/gpt.h"
#include "nn/initialize.h"

namespace octet {

/// Two layers of both architectures, small enough for unit tests, with sizes that are no powers of two.
inline GptConfig tiny_config(Architecture architecture) {
  GptConfig config;
  config.architecture = architecture;
  config.vocabulary = 23;
  config.context = 16;
  config.width = 12;
  config.layers = 2;
  config.heads = 3;
  config.hidden = 20;
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
