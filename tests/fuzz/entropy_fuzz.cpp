#include <algorithm>

#include "tensor/formats/entropy_weight.h"
#include "tests/fuzz/fuzz.h"

// The input is rows, columns, and what a file holds of a matrix of that shape.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  if (size < 3 || data[0] == 0 || data[1] == 0) {
    return 0;
  }
  const std::int64_t rows = data[0], columns = data[1];
  const std::span<const std::uint8_t> bytes(data + 2, size - 2);
  const Tensor coded = Tensor::from(bytes, {static_cast<std::int64_t>(bytes.size())});
  const Tensor scales = Tensor::full({1}, 0.5F);
  const auto weight = fuzz::accepted([&] { return EntropyWeight(coded, scales, rows, columns); });
  if (weight) {
    const EntropyWeight again(EntropyWeight(weight->codes(), weight->multiples()).coded(), scales, rows, columns);
    fuzz::promise(
        std::ranges::equal(again.codes().codes.span<std::int8_t>(), weight->codes().codes.span<std::int8_t>()),
        "codes that were encoded again are the same");
  }
  return 0;
}
