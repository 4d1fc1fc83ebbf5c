#include "train/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace octet {
namespace {

std::int64_t part_of(double fraction, std::int64_t total_steps) {
  return std::llround(fraction * static_cast<double>(total_steps));
}

/// How far `step` is in [begin, end), from 0 to below 1; 0 before it.
double passed(std::int64_t step, std::int64_t begin, std::int64_t end) {
  return step <= begin ? 0.0 : static_cast<double>(step - begin) / static_cast<double>(end - begin);
}

}  // namespace

double learning_rate_factor(const ScheduleConfig& config, std::int64_t step, std::int64_t total_steps) {
  const std::int64_t warmup = part_of(config.warmup, total_steps);
  if (step < warmup) {
    return static_cast<double>(step + 1) / static_cast<double>(warmup);
  }
  const double span = 1.0 - config.final_factor;
  switch (config.kind) {
    case ScheduleKind::constant:
      return 1.0;
    case ScheduleKind::linear:
      return 1.0 - span * passed(step, warmup, total_steps);
    case ScheduleKind::cosine:
      return config.final_factor + span * (1.0 + std::cos(std::numbers::pi * passed(step, warmup, total_steps))) / 2.0;
    case ScheduleKind::wsd: {
      const std::int64_t begin = std::max(warmup, total_steps - part_of(config.decay, total_steps));
      return 1.0 - span * passed(step, begin, total_steps);
    }
  }
  return 1.0;
}

}  // namespace octet
