#pragma once

#include <variant>

#include "tensor/formats/codebook_weight.h"
#include "tensor/formats/entropy_weight.h"
#include "tensor/formats/fp8_weight.h"
#include "tensor/formats/half_weight.h"
#include "tensor/formats/int4_weight.h"
#include "tensor/formats/int8_weight.h"
#include "tensor/formats/packed_weight.h"
#include "tensor/formats/trellis_weight.h"

namespace octet {

/// Any stored format, for layers that take each of them.
using AnyWeight =
    std::variant<Int8Weight, Int4Weight, CodebookWeight, Fp8Weight, HalfWeight, EntropyWeight, TrellisWeight>;

std::int64_t rows(const AnyWeight& weight);
std::int64_t columns(const AnyWeight& weight);
Tensor dequantize(const AnyWeight& weight);
/// Rows [first, first + count) written to `out` (count, C).
void dequantize_rows(const AnyWeight& weight, std::int64_t first, std::int64_t count, float* out);
/// What it takes in a file, scales included.
std::int64_t bytes(const AnyWeight& weight);
/// 8 bytes / (R C).
double bits_per_weight(const AnyWeight& weight);
/// "int4 per_group 32"
std::string describe(const AnyWeight& weight);

/// True for formats with integer codes, which integer kernels can multiply.
bool has_codes(const AnyWeight& weight);
/// Errors: (config) a format without codes.
Codes codes_of(const AnyWeight& weight);
PackedWeight pack(const AnyWeight& weight);

}  // namespace octet
