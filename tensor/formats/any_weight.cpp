#include "tensor/formats/any_weight.h"

#include "base/parallel.h"

namespace octet {

std::int64_t rows(const AnyWeight& weight) {
  return std::visit([](const auto& w) { return w.rows(); }, weight);
}

std::int64_t columns(const AnyWeight& weight) {
  return std::visit([](const auto& w) { return w.columns(); }, weight);
}

Tensor dequantize(const AnyWeight& weight) {
  const std::int64_t width = columns(weight);
  Tensor result = Tensor::empty({rows(weight), width});
  float* out = result.data<float>();
  parallel_for(rows(weight), 64, [&](std::int64_t begin, std::int64_t end) {
    dequantize_rows(weight, begin, end - begin, out + begin * width);
  });
  return result;
}

void dequantize_rows(const AnyWeight& weight, std::int64_t first, std::int64_t count, float* out) {
  std::visit([&](const auto& w) { w.dequantize_rows(first, count, out); }, weight);
}

std::int64_t bytes(const AnyWeight& weight) {
  return std::visit([](const auto& w) { return w.bytes(); }, weight);
}

double bits_per_weight(const AnyWeight& weight) {
  return 8.0 * static_cast<double>(bytes(weight)) / static_cast<double>(rows(weight) * columns(weight));
}

std::string describe(const AnyWeight& weight) {
  return std::visit([](const auto& w) { return w.describe(); }, weight);
}

bool has_codes(const AnyWeight& weight) {
  const auto* codebook = std::get_if<CodebookWeight>(&weight);
  return std::holds_alternative<Int8Weight>(weight) || std::holds_alternative<Int4Weight>(weight) ||
         std::holds_alternative<EntropyWeight>(weight) || (codebook != nullptr && codebook->has_integer_levels());
}

Codes codes_of(const AnyWeight& weight) {
  if (const auto* int8 = std::get_if<Int8Weight>(&weight)) {
    return int8->codes();
  }
  if (const auto* int4 = std::get_if<Int4Weight>(&weight)) {
    return int4->codes();
  }
  if (const auto* entropy = std::get_if<EntropyWeight>(&weight)) {
    return entropy->codes();
  }
  if (const auto* table = std::get_if<CodebookWeight>(&weight); table != nullptr && table->has_integer_levels()) {
    return table->codes();
  }
  fail(ErrorKind::config, "[quantize] expected a format with integer codes, got {}", describe(weight));
}

PackedWeight pack(const AnyWeight& weight) {
  if (const auto* half = std::get_if<HalfWeight>(&weight)) {
    return PackedWeight(*half);
  }
  if (const auto* codebook = std::get_if<CodebookWeight>(&weight)) {
    return PackedWeight(*codebook);
  }
  if (const auto* fp8 = std::get_if<Fp8Weight>(&weight)) {
    return PackedWeight(fp8->to_half());
  }
  if (const auto* trellis = std::get_if<TrellisWeight>(&weight)) {
    return PackedWeight(*trellis);
  }
  const bool int4 = std::holds_alternative<Int4Weight>(weight);
  return {codes_of(weight), int4 ? PackedFormat::int4 : PackedFormat::int8};
}

}  // namespace octet
