#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "nn/gpt.h"
#include "quant/calibration.h"
#include "quant/recipe.h"

namespace octet {

/// Per weight, of a matrix that shares bits: with fewer the rule of 4 fails, and codes are bytes in memory.
inline constexpr double kLeastBits = 1, kMostBits = 8;

/// A matrix that shares a number of bits with others.
struct BitShare {
  double weights;     ///< how many it has
  double divergence;  ///< in nats, of the model with this matrix alone rounded to so many bits as all have on average
  double least = kLeastBits;  ///< bits per weight that it takes in any case
};

/// Bits per weight of each matrix, with which the sum of all divergences is least while they have `bits` on average. A
/// bit more divides the error of a matrix by 4, as long as its codes are many. So the sum of d (i) 4^(bits - r (i)) is
/// to be least while the sum of n (i) r (i) stays as it is, and by Lagrange
///
///     r (i) = c + log2(d (i) / n (i)) / 2        c: the same for all
///
/// within its `least` and kMostBits: a matrix where each weight does 4 times the harm gets one bit more, and then all
/// weights do as much harm as any other. This is reverse water-filling, Cover and Thomas 2006, "Elements of Information
/// Theory", section 10.3.3.
///
///     share_bits({{100, 0.4}, {100, 0.1}}, 3.0)  // {3.5, 2.5}
std::vector<double> share_bits(std::span<const BitShare> matrices, double bits);

/// Bits per weight of the layers that have the recipe's own scheme, by dotted path: those with an entry of `layers`, a
/// scheme of the embedding or a pattern that keeps them are left out. What each of them does to the output is measured:
/// all are rounded to as many bits (by gptq where the recipe says qronos, which would also make up for layers that are
/// not rounded here), and the FP32 model runs with one of them after the other, on windows of the calibration text. Its
/// Kullback-Leibler divergence from the FP32 model goes to share_bits(). `model` is in FP32 and on the CPU, and comes
/// back as it was. The more layers, the fewer windows: kMeasuredTokens for all of them together, but one window at
/// least. `progress` counts layers, then windows. Errors: those of apply_recipe(); (run) no calibration.
std::map<std::string, double> allocate_bits(Gpt& model, const Recipe& recipe, const Calibration& calibration,
                                            ProgressSink& progress);
inline constexpr std::int64_t kMeasuredTokens = 1 << 18;  // a minute of the demo's model, ten of 135 million parameters

}  // namespace octet
