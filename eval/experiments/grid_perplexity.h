#pragma once

#include <span>
#include <vector>

#include "eval/outliers/outlier_impact.h"
#include "eval/score/paired.h"
#include "eval/score/windows.h"
#include "nn/gpt.h"

namespace octet {

/// How much the perplexity of an FP32 model rises when the inputs of all its linear layers lie on a grid and nothing
/// else is rounded: what a picture of one layer means for the whole model. One for each of kInputGrids, as a plain
/// ratio with its interval. Scales are those of the batch that passes through; the clip of a layer is the one with the
/// smallest MSE on its first kClipRows inputs. Embedding and tied head stay as they are. At least two windows, which
/// pass one by one. Errors: as evaluate and delta_nll.
std::vector<Interval> grid_perplexity(Gpt& fp32, int bits, std::span<const Window> windows,
                                      const BootstrapOptions& options = {});
inline constexpr std::int64_t kClipRows = 256;

}  // namespace octet
