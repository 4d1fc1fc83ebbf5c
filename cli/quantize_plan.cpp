#include "cli/quantize_plan.h"

#include <system_error>

#include <fmt/ranges.h>

#include "base/config/record.h"
#include "base/format.h"
#include "base/memory.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "cli/console.h"
#include "nn/cost.h"
#include "nn/gpt.h"
#include "quant/apply_recipe.h"
#include "report/run/report.h"

namespace octet {
namespace {

// What --json prints has its keys in the order of the alphabet.

struct PlannedTensor {
  double bits_per_weight = 0;
  std::int64_t bytes = 0;
  std::string reason, scheme;
  std::vector<std::int64_t> shape;
  std::string path;

  template <class V>
  void visit(V& v) {
    v("bits_per_weight", bits_per_weight);
    v("bytes", bytes);
    v("reason", reason);
    v("scheme", scheme);
    v("shape", shape);
    v("tensor", path);
  }
};

/// Tensors that are not as the recipe says for matrices, for one reason.
struct ReasonCount {
  std::string reason, scheme;
  std::int64_t tensors = 0;

  template <class V>
  void visit(V& v) {
    v("reason", reason);
    v("scheme", scheme);
    v("tensors", tensors);
  }
};

struct PlannedModel {
  double bits_per_weight = 0;
  std::int64_t bytes = 0;
  std::string description;
  std::vector<ReasonCount> exceptions;
  std::int64_t fp32_bytes = 0, left_fp32 = 0, parameters = 0;
  std::string recipe;
  std::vector<PlannedTensor> tensors;

  template <class V>
  void visit(V& v) {
    v("bits_per_weight", bits_per_weight);
    v("bytes", bytes);
    v("description", description);
    v("exceptions", exceptions);
    v("fp32_bytes", fp32_bytes);
    v("left_fp32", left_fp32);
    v("parameters", parameters);
    v("recipe", recipe);
    v("tensors", tensors);
  }
};

PlannedModel planned(const Recipe& recipe, const Coverage& coverage) {
  PlannedModel model;
  model.bits_per_weight = coverage.bits_per_weight();
  model.bytes = coverage.bytes();
  model.description = recipe.describe();
  model.recipe = recipe.name;
  model.parameters = coverage.elements();
  model.fp32_bytes = 4 * coverage.elements();
  for (const CoverageRow& row : coverage.rows) {
    model.left_fp32 += row.scheme == "fp32" ? 1 : 0;
    const auto sizes = row.shape.sizes();
    model.tensors.push_back(
        {row.bits_per_weight, row.bytes, row.reason, row.scheme, {sizes.begin(), sizes.end()}, row.path});
  }
  for (const CoverageGroup& group : group_coverage(coverage)) {
    if (!group.reason.empty()) {
      model.exceptions.push_back({group.reason, group.scheme, group.tensors});
    }
  }
  return model;
}

std::string as_text(const PlannedModel& model) {
  std::vector<std::vector<std::string>> table = {{"tensor", "shape", "stored as", "bytes", "bits"}};
  for (const PlannedTensor& tensor : model.tensors) {
    table.push_back({tensor.path, fmt::format("({})", fmt::join(tensor.shape, ", ")), tensor.scheme,
                     format_integer(tensor.bytes), format_fixed(tensor.bits_per_weight, 2)});
  }
  std::string text = fmt::format("{}: {}\n", model.recipe, model.description);
  text += align_columns(table, "<><>>");
  text += fmt::format("{} parameters, {}, {:.2f} bits per weight, {} of FP32; {} of {} tensors stay FP32\n",
                      format_count(static_cast<double>(model.parameters)),
                      format_bytes(static_cast<std::uint64_t>(model.bytes)), model.bits_per_weight,
                      format_percent(static_cast<double>(model.bytes) / static_cast<double>(model.fp32_bytes), 1),
                      model.left_fp32, model.tensors.size());
  for (const ReasonCount& exception : model.exceptions) {
    text += fmt::format("  {} {}: {}\n", exception.tensors, exception.tensors == 1 ? "tensor" : "tensors",
                        exception.reason);
  }
  return text;
}

}  // namespace

void print_quantize_plan(const CommonOptions& common, const Run& run) {
  const GptConfig& shape = run.config.model;
  check_memory(4.0 * static_cast<double>(parameter_count(shape)), "model: the weights of this shape");
  if (std::error_code ignored; !std::filesystem::exists(run.folder / "config.yaml", ignored)) {
    note(common,
         fmt::format("{} is not trained: a short text may have fewer than {} tokens, and the embedding fewer rows",
                     run.folder.string(), shape.vocabulary));
  }
  Gpt model(shape);
  std::vector<PlannedModel> models;
  std::string text;
  for (const Recipe& recipe : run.config.quantize) {
    models.push_back(planned(recipe, plan_recipe(model, recipe)));
    text += (text.empty() ? "" : "\n") + as_text(models.back());
  }
  if (models.empty()) {
    text = "no recipes: the list quantize of the configuration is empty, and no --recipe was given\n";
  }
  (common.json ? print_exactly : print)(common.json ? record_to_json(models) : text);
}

}  // namespace octet
