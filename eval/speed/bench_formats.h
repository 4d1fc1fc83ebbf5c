#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quant/recipe.h"

namespace octet {

/// A way to store a model that `octet bench` times.
struct BenchFormat {
  std::string name;              ///< "int4"
  std::optional<Recipe> recipe;  ///< none: FP32 as it is
};

/// All known formats, FP32 first.
const std::vector<BenchFormat>& bench_formats();

/// The formats of these names, in their order without repetitions; all of them where there are no names. Errors
/// (config): an unknown name, with the nearest known one.
std::vector<BenchFormat> find_bench_formats(const std::vector<std::string>& names);

}  // namespace octet
