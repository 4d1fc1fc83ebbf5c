#include "eval/experiments/grid_perplexity.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "eval/experiments/simulated_linear.h"
#include "eval/score/evaluator.h"
#include "quant/fp32_model.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

using Switch = std::optional<InputGrid>;  // of all layers at once; nothing: inputs as they are

/// The rounding of one layer, which remembers its clip.
InputRounding rounding_by(std::shared_ptr<const Switch> grid, int bits) {
  return [grid = std::move(grid), bits, clip = 0.0](const Tensor& x) mutable {
    if (!*grid) return x;
    if (*grid == InputGrid::clipped && clip == 0) {
      clip = best_clip(contiguous(slice(x, 0, 0, std::min(kClipRows, x.dim(0)))), bits);
    }
    if (*grid == InputGrid::clipped && clip == 0) return x;  // nothing but zeros
    return to_grid(x, **grid, bits, clip).values;
  };
}

}  // namespace

std::vector<Interval> grid_perplexity(Gpt& fp32, int bits, std::span<const Window> windows,
                                      const BootstrapOptions& options) {
  const std::unique_ptr<Gpt> model = fp32_copy(fp32);  // one for all grids
  const auto grid = std::make_shared<Switch>();
  for (const auto& [path, slot] : linear_slots(*model)) {
    simulate_rounding(*slot, rounding_by(grid, bits));
  }
  const auto on = [&](const std::string& name, Switch chosen) {
    return EvaluatedModel{name, [&model, grid, chosen](const Tensor& ids) {
                            *grid = chosen;
                            return model->forward(ids);
                          }};
  };
  std::vector<EvaluatedModel> models = {on("fp32", {})};
  for (const InputGrid each : kInputGrids) models.push_back(on("inputs on a grid", each));
  const std::vector<Evaluation> results = evaluate(models, windows, {.batch_tokens = 1});  // so one window
  std::vector<Interval> increases;
  for (std::size_t i = 1; i < results.size(); ++i) {
    increases.push_back(perplexity_increase(delta_nll(results.front(), results[i], options)));
  }
  return increases;
}

}  // namespace octet
