#include "tensor/cuda/mma_rows.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/error.h"

namespace octet::cuda {
namespace {

constexpr std::int64_t kDefault = 3, kNever = 17;

std::int64_t from_environment() {
  const char* variable = std::getenv("OCTET_MMA_ROWS");
  if (variable == nullptr) {
    return kDefault;
  }
  const std::string_view text = variable;
  std::int64_t rows = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (error != std::errc() || end != text.data() + text.size() || rows < 1 || rows > kNever) {
    fail(ErrorKind::config, "OCTET_MMA_ROWS: expected a number of rows from 1 to {}, got \"{}\"", kNever, text);
  }
  return rows;
}

}  // namespace

std::int64_t& mma_rows() {
  static std::int64_t rows = from_environment();
  return rows;
}

}  // namespace octet::cuda
