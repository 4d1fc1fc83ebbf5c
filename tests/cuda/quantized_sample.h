#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "tensor/formats/any_weight.h"
#include "tensor/half.h"
#include "tests/support/random_codebook.h"
#include "tests/support/random_trellis.h"
#include "tests/tensor/every_backend.h"

namespace octet {

/// A product of M rows with a weight (N, K) in groups.
struct ProductCase {
  std::int64_t m, n, k, group;
};

inline std::string describe(const ProductCase& c) {
  return fmt::format("m {}, n {}, k {}, group {}", c.m, c.n, c.k, c.group);
}

/// Every size where something changes: rows of a pass (1, 2, 4, 8), rows for tiles (17 and more), panels of 16
/// columns, tiles of 32 and 64; steps of 4, 8 and 32 codes, pieces of 32 elements and 128 or 256 codes; ragged groups
/// and one group.
inline std::vector<ProductCase> product_cases() {
  std::vector<ProductCase> cases;
  for (const std::int64_t m : {1, 2, 3, 5, 16, 17, 65}) {
    cases.push_back({m, 17, 33, 8});
    cases.push_back({m, 33, 100, 100});
  }
  for (const std::int64_t n : {1, 15, 16, 70}) {
    cases.push_back({5, n, 64, 20});
    cases.push_back({17, n, 64, 20});
  }
  for (const std::int64_t k : {1, 7, 8, 64, 300}) {
    for (const std::int64_t group : {32, 1000}) {
      cases.push_back({2, 16, k, group});
      cases.push_back({18, 16, k, group});
    }
  }
  cases.push_back({17, 70, 300, 32});
  cases.push_back({17, 70, 300, 1000});
  cases.push_back({1, 16, 2100, 2100});  // more than all warps load at once
  cases.push_back({1, 16, 2100, 300});
  cases.push_back({2, 16, 20, 1});
  return cases;
}

/// For tensor cores: tiles of 32 x 32 outputs, then of 64 x 64 where there are few processors (two are simulated);
/// steps of 32 codes, groups that fill them and that do not, pieces of 8 and of 4 steps.
inline std::vector<ProductCase> tile_cases() {
  return {{33, 33, 300, 24}, {33, 33, 300, 128}, {17, 31, 600, 600}, {18, 70, 300, 8},
          {18, 70, 300, 32}, {65, 65, 300, 40},  {65, 65, 256, 128}, {65, 65, 300, 700}};
}

/// Codes of all values, with scales that FP16 holds; with a minimum from 0.
inline Codes random_codes(const ProductCase& c, int bits, bool minimum) {
  Codes codes{Tensor::empty({c.n, c.k}, DType::i8), {}, bits, Granularity::per_group, c.group};
  const Random random(1, static_cast<std::uint64_t>(c.n * 1000 + c.k));
  const int low = minimum ? 0 : -largest_code(bits);
  const auto levels = static_cast<std::uint64_t>(2 * largest_code(bits) + 1 + minimum);
  for (std::int64_t i = 0; i < c.n * c.k; ++i) {
    codes.codes.data<std::int8_t>()[i] =
        static_cast<std::int8_t>(low + static_cast<int>(random.below(static_cast<std::uint64_t>(i), levels)));
  }
  codes.scales = Tensor::empty(scales_shape(c.n, c.k, Granularity::per_group, c.group));
  for (std::int64_t i = 0; i < codes.scales.elements(); ++i) {
    codes.scales.data<float>()[i] = static_cast<float>(1 + random.below(static_cast<std::uint64_t>(i), 40)) * 0x1p-10F;
  }
  if (minimum) {
    codes.minimums = codes.scales.clone();
    for (std::int64_t i = 0; i < codes.minimums.elements(); ++i) {
      codes.minimums.data<float>()[i] = static_cast<float>(i % 50 - 40) * 0x1p-8F;
    }
  }
  return codes;
}

/// A weight of each format for FP32 activations.
inline std::vector<AnyWeight> every_format(const ProductCase& c) {
  const Tensor values = random_tensor({c.n, c.k}, 9);
  return {Int8Weight(random_codes(c, 8, false)),
          Int4Weight(random_codes(c, 4, false)),
          Int4Weight(random_codes(c, 4, true)),
          Int4Weight(random_codes(c, 2, true)),
          random_codebook(Codebook::nf4, c.n, c.k, c.group),
          random_codebook(Codebook::table4, c.n, c.k, c.group),
          random_trellis(2 + static_cast<int>(c.k % 3), c.n, c.k),
          HalfWeight::quantize(values, DType::f16),
          HalfWeight::quantize(values, DType::bf16)};
}

}  // namespace octet
