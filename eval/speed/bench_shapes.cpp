#include "eval/speed/bench_shapes.h"

#include <fmt/ranges.h>

#include "base/config/config.h"
#include "base/error.h"
#include "base/nearest.h"

namespace octet {
namespace {

struct NamedShape {
  std::string name;
  std::string settings;
};

const std::vector<NamedShape>& shapes() {
  static const std::vector<NamedShape> list = {
      {"llama-31m", "width=512,layers=8,heads=8,hidden=1536,vocabulary=4096"},
      {"llama-97m", "width=768,layers=12,heads=12,hidden=2048,vocabulary=8192"},
  };
  return list;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

BenchShape from_settings(const std::string& text) {
  const std::vector<std::string> settings = split(text);
  BenchShape shape;
  shape.config.tied_head = false;
  try {
    override_and_check(shape.config, text, settings);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("--shape: {}", error.what()));
  }
  for (const std::string& setting : settings) {
    shape.has_context = shape.has_context || setting.starts_with("context=");
  }
  shape.name = fmt::format("{} {}x{}", enum_name(shape.config.architecture), shape.config.layers, shape.config.width);
  return shape;
}

}  // namespace

std::vector<std::string> bench_shape_names() {
  std::vector<std::string> names;
  for (const NamedShape& shape : shapes()) {
    names.push_back(shape.name);
  }
  return names;
}

BenchShape bench_shape(const std::string& text) {
  if (text.find('=') != std::string::npos) {
    return from_settings(text);
  }
  for (const NamedShape& named : shapes()) {
    if (named.name == text) {
      BenchShape shape = from_settings(named.settings);
      shape.name = named.name;
      return shape;
    }
  }
  const auto near = nearest_name(text, bench_shape_names());
  fail(ErrorKind::config,
       "--shape: unknown shape \"{}\"{} (known: {}; or spell one out: "
       "width=512,layers=8,heads=8,hidden=1536,vocabulary=4096)",
       text, near ? ", did you mean \"" + *near + "\"?" : "", fmt::join(bench_shape_names(), ", "));
}

}  // namespace octet
