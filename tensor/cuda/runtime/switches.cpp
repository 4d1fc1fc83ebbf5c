#include "tensor/cuda/runtime/switches.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/error.h"

namespace octet::cuda {
namespace {

bool on_or_off(const char* name, bool otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) {
    return otherwise;
  }
  const std::string_view value = text;
  check(value == "on" || value == "off", "[cuda] expected {} to be on or off, got {}", name, value);
  return value == "on";
}

EarlyStart early_start(const char* name, EarlyStart otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) {
    return otherwise;
  }
  const std::string_view value = text;
  check(value == "off" || value == "on" || value == "fetch", "[cuda] expected {} to be off, on or fetch, got {}", name,
        value);
  return value == "off" ? EarlyStart::off : value == "on" ? EarlyStart::on : EarlyStart::fetch;
}

std::int64_t whole_number(const char* name, std::int64_t otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) {
    return otherwise;
  }
  const std::string_view value = text;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  check(error == std::errc() && end == value.data() + value.size() && number >= 0,
        "[cuda] expected {} to be a whole number, got {}", name, value);
  return number;
}

}  // namespace

Switches& switches() {
  static Switches switches = [] {
    const Switches usual;
    return Switches{.split_sums = on_or_off("OCTET_SPLIT_SUMS", usual.split_sums),
                    .joint_bias = on_or_off("OCTET_JOINT_BIAS", usual.joint_bias),
                    .expand_rows = whole_number("OCTET_EXPAND_ROWS", usual.expand_rows),
                    .mma_rows = whole_number("OCTET_MMA_ROWS", usual.mma_rows),
                    .quantize_in_product = on_or_off("OCTET_QUANTIZE_IN_PRODUCT", usual.quantize_in_product),
                    .large_tiles = on_or_off("OCTET_LARGE_TILES", usual.large_tiles),
                    .early_start = early_start("OCTET_EARLY_START", usual.early_start)};
  }();
  return switches;
}

}  // namespace octet::cuda
