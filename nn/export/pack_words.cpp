#include "nn/export/pack_words.h"

namespace octet {

Tensor pack_words(const Tensor& codes, int bits) {
  check(codes.shape().rank() == 2 && codes.dtype() == DType::i8 && (bits == 4 || bits == 8),
        "[export] expected a matrix of i8 codes and 4 or 8 bits, got {} {} and {} bits", name_of(codes.dtype()),
        codes.shape(), bits);
  const std::int64_t rows = codes.dim(0), columns = codes.dim(1), run = 32 / bits, words = (columns + run - 1) / run;
  Tensor packed = Tensor::zeros({rows, words}, DType::i32);
  const std::int8_t* from = codes.data<std::int8_t>();
  for (std::int64_t row = 0; row < rows; ++row) {
    std::int32_t* to = packed.data<std::int32_t>() + row * words;
    for (std::int64_t c = 0; c < columns; ++c) {
      const auto field = static_cast<std::uint32_t>(from[row * columns + c] + (1 << (bits - 1)));
      to[c / run] |= static_cast<std::int32_t>(field << (bits * (c % run)));
    }
  }
  return packed;
}

}  // namespace octet
