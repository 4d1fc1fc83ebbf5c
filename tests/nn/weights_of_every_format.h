#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "tensor/formats/any_weight.h"
#include "tests/support/random_codebook.h"
#include "tests/support/random_tensor.h"

namespace octet {

inline Codes random_codes(std::int64_t rows, std::int64_t columns, int bits, std::int64_t group) {
  Codes codes{Tensor::empty({rows, columns}, DType::i8), {}, bits, Granularity::per_group, group};
  const Random random(7);
  const int limit = largest_code(bits);
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const auto below = random.below(static_cast<std::uint64_t>(i), 2 * static_cast<std::uint64_t>(limit) + 1);
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(static_cast<int>(below) - limit);
  }
  codes.scales = Tensor::empty(scales_shape(rows, columns, Granularity::per_group, group));
  for (std::int64_t i = 0; i < codes.scales.elements(); ++i) {
    codes.scales.data<float>()[i] = 0x1p-9F * static_cast<float>(1 + i % 7);  // FP16 holds these exactly
  }
  return codes;
}

/// Codes from 0 to 2^bits - 1 above minimums that FP16 holds exactly.
inline Codes codes_with_minimum(std::int64_t rows, std::int64_t columns, int bits, std::int64_t group) {
  Codes codes = random_codes(rows, columns, bits, group);
  for (std::int8_t& code : codes.codes.span<std::int8_t>()) {
    code = static_cast<std::int8_t>(code + largest_code(bits));
  }
  codes.minimums = codes.scales.clone();
  for (std::int64_t i = 0; i < codes.minimums.elements(); ++i) {
    codes.minimums.data<float>()[i] = -0x1p-8F * static_cast<float>(i % 9);
  }
  return codes;
}

inline std::vector<AnyWeight> weights_of_every_format(std::int64_t rows, std::int64_t columns) {
  return {Int8Weight(random_codes(rows, columns, 8, columns)),
          Int8Weight(random_codes(rows, columns, 8, 12)),
          Int4Weight(random_codes(rows, columns, 4, 32)),
          Int4Weight(random_codes(rows, columns, 3, 7)),
          Int4Weight(codes_with_minimum(rows, columns, 4, 32)),
          Int4Weight(codes_with_minimum(rows, columns, 2, 7)),
          random_codebook(Codebook::nf4, rows, columns, 16),
          random_codebook(Codebook::table4, rows, columns, 16),
          HalfWeight::quantize(random_tensor({rows, columns}, 3), DType::f16),
          HalfWeight::quantize(random_tensor({rows, columns}, 3), DType::bf16)};
}

inline bool has_minimum(const AnyWeight& weight) {
  const auto* int4 = std::get_if<Int4Weight>(&weight);
  return int4 != nullptr && !int4->is_symmetric();
}

}  // namespace octet
