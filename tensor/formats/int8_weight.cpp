#include "tensor/formats/int8_weight.h"

namespace octet {

Int8Weight::Int8Weight(Codes codes) : codes_(std::move(codes)) {
  validate(codes_);
  check(codes_.is_symmetric(), "[int8 weight] expected codes on a symmetric grid, got codes with a minimum");
}

void Int8Weight::dequantize_rows(std::int64_t first, std::int64_t count, float* out) const {
  octet::dequantize_rows(codes_, first, count, out);
}

std::int64_t Int8Weight::bytes() const {
  return rows() * columns() + 4 * codes_.scales.elements();
}

std::string Int8Weight::describe() const {
  return fmt::format("int8 {}", octet::describe(codes_, 8));
}

}  // namespace octet
