#include "tensor/formats/entropy_weight.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tensor/formats/rans.h"

namespace octet {
namespace {

/// The columns of each multiple.
std::map<int, std::vector<std::int64_t>> columns_by_multiple(std::span<const std::int8_t> multiples) {
  std::map<int, std::vector<std::int64_t>> columns;
  for (std::size_t c = 0; c < multiples.size(); ++c) {
    columns[multiples[c]].push_back(static_cast<std::int64_t>(c));
  }
  return columns;
}

}  // namespace

EntropyWeight::EntropyWeight(const Codes& codes, std::span<const std::int8_t> multiples)
    : codes_(codes), multiples_(multiples.begin(), multiples.end()) {
  validate(codes_);
  check(codes.is_symmetric() && codes.bits == 8 && codes.granularity == Granularity::per_tensor,
        "[entropy weight] expected symmetric codes of 8 bits with one scale, got {}", octet::describe(codes, 8));
  if (multiples_.empty()) {
    multiples_.assign(static_cast<std::size_t>(columns()), 1);
  }
  check(static_cast<std::int64_t>(multiples_.size()) == columns(), "[entropy weight] expected {} multiples, got {}",
        columns(), multiples_.size());
  encode();
}

EntropyWeight::EntropyWeight(Tensor coded, const Tensor& scales, std::int64_t rows, std::int64_t columns)
    : coded_(std::move(coded)),
      codes_{Tensor::empty({rows, columns}, DType::i8), scales, 8, Granularity::per_tensor},
      multiples_(static_cast<std::size_t>(columns)) {
  check(coded_.rank() == 1 && coded_.dtype() == DType::u8, "[entropy weight] expected coded bytes of u8, got {} of {}",
        coded_.shape(), name_of(coded_.dtype()));
  decode();
  validate(codes_);
}

void EntropyWeight::encode() {
  std::vector<std::uint8_t> all = rans_encode(multiples_);
  for (const auto& [multiple, of_multiple] : columns_by_multiple(multiples_)) {
    check(multiple >= 1, "[entropy weight] expected multiples of at least 1, got {}", multiple);
    std::vector<std::int8_t> z;
    for (std::int64_t row = 0; row < rows(); ++row) {
      for (const std::int64_t column : of_multiple) {
        const int code = codes_.codes.data<std::int8_t>()[row * columns() + column];
        check(code % multiple == 0, "[entropy weight] expected a multiple of {} at row {}, column {}, got {}", multiple,
              row, column, code);
        z.push_back(static_cast<std::int8_t>(code / multiple));
      }
    }
    const std::vector<std::uint8_t> bytes = rans_encode(z);
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  coded_ = Tensor::from(all, {static_cast<std::int64_t>(all.size())});
}

void EntropyWeight::decode() {
  std::span<const std::uint8_t> left = rans_decode(coded_.span<std::uint8_t>(), multiples_);
  for (const auto& [multiple, of_multiple] : columns_by_multiple(multiples_)) {
    check(multiple >= 1, "[entropy weight] expected multiples of at least 1, got {}", multiple);
    std::vector<std::int8_t> z(of_multiple.size() * static_cast<std::size_t>(rows()));
    left = rans_decode(left, z);
    auto next = z.begin();
    for (std::int64_t row = 0; row < rows(); ++row) {
      for (const std::int64_t column : of_multiple) {
        const int code = *next++ * multiple;
        check(std::abs(code) <= largest_code(8), "[entropy weight] expected codes in [-127, 127], got {} x {}",
              code / multiple, multiple);
        codes_.codes.data<std::int8_t>()[row * columns() + column] = static_cast<std::int8_t>(code);
      }
    }
  }
  check(left.empty(), "[entropy weight] expected the end of the coded bytes, got {} more", left.size());
}

void EntropyWeight::dequantize_rows(std::int64_t first, std::int64_t count, float* out) const {
  octet::dequantize_rows(codes_, first, count, out);
}

}  // namespace octet
