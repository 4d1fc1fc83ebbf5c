#include "eval/speed/bench_formats.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/config/config.h"
#include "base/error.h"
#include "base/nearest.h"

namespace octet {
namespace {

/// Name and recipe (the keys of quant/recipe.h) of each format besides FP32.
constexpr std::pair<const char*, const char*> kRecipes[] = {
    {"fp16", "{format: fp16}"},
    {"bf16", "{format: bf16}"},
    {"int8", "{bits: 8, activations: dynamic}"},
    {"int4", "{bits: 4, granularity: per_group, group: 32, activations: dynamic}"},
    {"int8-static", "{bits: 8, activations: static}"},
    {"int8-outlier-split", "{bits: 8, activations: outlier_split}"},
    {"int4-minimum", "{bits: 4, granularity: per_group, group: 32, symmetric: false, activations: dynamic}"},
    {"table4", "{format: table4, granularity: per_group, group: 32, activations: dynamic}"},
    {"nf4", "{format: nf4, granularity: per_group, group: 64}"},
    {"mxfp4", "{format: mxfp4, granularity: per_group, group: 32}"},
    {"fp8", "{format: fp8}"},
    {"trellis-2", "{format: trellis, bits: 2}"},
    {"trellis-3", "{format: trellis, bits: 3}"},
    {"trellis-4", "{format: trellis, bits: 4}"},
    {"nvfp4", "{format: nvfp4, granularity: per_group, group: 16}"},
    {"int8-weight-only", "{bits: 8, activations: weight_only}"},
    {"int4-weight-only", "{bits: 4, granularity: per_group, group: 32, activations: weight_only}"},
};

std::vector<BenchFormat> make_formats() {
  std::vector<BenchFormat> formats = {{"fp32", std::nullopt}};
  for (const auto& [name, recipe] : kRecipes) {
    formats.push_back({name, parse_config<Recipe>(recipe, name, {fmt::format("name={}", name)})});
  }
  return formats;
}

bool has_name(const std::vector<BenchFormat>& formats, const std::string& name) {
  return std::any_of(formats.begin(), formats.end(), [&](const BenchFormat& format) { return format.name == name; });
}

}  // namespace

const std::vector<BenchFormat>& bench_formats() {
  static const std::vector<BenchFormat> formats = make_formats();
  return formats;
}

std::vector<BenchFormat> find_bench_formats(const std::vector<std::string>& names) {
  if (names.empty()) {
    return bench_formats();
  }
  std::vector<std::string> known;
  for (const BenchFormat& format : bench_formats()) {
    known.push_back(format.name);
  }
  std::vector<BenchFormat> found;
  for (const std::string& name : names) {
    const auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) {
      const auto near = nearest_name(name, known);
      fail(ErrorKind::config, "--formats: unknown format \"{}\"{} (known: {})", name,
           near ? ", did you mean \"" + *near + "\"?" : "", fmt::join(known, ", "));
    }
    if (!has_name(found, name)) {
      found.push_back(bench_formats()[static_cast<std::size_t>(at - known.begin())]);
    }
  }
  return found;
}

}  // namespace octet
