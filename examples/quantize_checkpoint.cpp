// Loads a model, quantizes it by a recipe and compares logits: quantize_checkpoint FOLDER RECIPE.yaml
#include <cmath>
#include <cstdio>

#include "base/config/config.h"
#include "base/random.h"
#include "nn/files/model_file.h"
#include "quant/apply_recipe.h"

using namespace octet;

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: quantize_checkpoint FOLDER RECIPE.yaml\n");
    return 2;
  }
  const std::unique_ptr<Gpt> model = load_model(argv[1]);
  const auto recipe = read_config<Recipe>(argv[2]);

  const std::int64_t time = model->config().context;
  std::vector<std::int32_t> ids;
  for (std::int64_t t = 0; t < time; ++t) {
    const auto vocabulary = static_cast<std::uint64_t>(model->config().vocabulary);
    ids.push_back(static_cast<std::int32_t>(Random(1).below(static_cast<std::uint64_t>(t), vocabulary)));
  }
  const Tensor input = Tensor::from(ids, {1, time});
  const std::vector<float> before = model->forward(input).to_vector();
  const Coverage coverage = apply_recipe(*model, recipe);
  const std::vector<float> after = model->forward(input).to_vector();

  double error = 0, size = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    error += std::pow(after[i] - before[i], 2);
    size += std::pow(before[i], 2);
  }
  for (const CoverageRow& row : coverage.rows) {
    std::printf("%-36s %-28s %6.2f bits per weight\n", row.path.c_str(), row.scheme.c_str(), row.bits_per_weight);
  }
  std::printf("%s: %.2f bits per weight, logits off by %.2f %% (root mean square)\n", recipe.describe().c_str(),
              coverage.bits_per_weight(), 100 * std::sqrt(error / size));
} catch (const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
