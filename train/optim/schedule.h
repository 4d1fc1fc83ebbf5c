#pragma once

#include <array>
#include <cstdint>

#include "base/config/field.h"
#include "base/config/rules.h"

namespace octet {

/// How the learning rate falls after the warm-up.
enum class ScheduleKind {
  constant,  ///< not at all
  linear,    ///< on a straight line to the end of the run
  cosine,    ///< on half a cosine wave. Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983, equation 5
  wsd        ///< warm-up, stable, decay: constant, then a straight line over the last part of the run.
             ///< Hu et al. 2024 (MiniCPM), https://arxiv.org/abs/2404.06395, section 4
};

template <>
inline constexpr auto enum_names<ScheduleKind> =
    std::to_array<EnumName<ScheduleKind>>({{ScheduleKind::constant, "constant"},
                                           {ScheduleKind::linear, "linear"},
                                           {ScheduleKind::cosine, "cosine"},
                                           {ScheduleKind::wsd, "wsd"}});

/// The learning rate over a run. Lengths are fractions of all steps, so that a run made shorter or longer keeps its
/// shape.
struct ScheduleConfig {
  ScheduleKind kind = ScheduleKind::wsd;
  double warmup = 0.02;       ///< part of the run that climbs from near 0 to 1
  double decay = 0.4;         ///< of wsd: part of the run that falls at the end
  double final_factor = 0.0;  ///< what the fall aims at; reached one step after the last

  template <class V>
  void visit(V& v) {
    v("kind", kind);
    v("warmup", warmup, in_range(0, 1));
    v("decay", decay, in_range(0, 1));
    v("final_factor", final_factor, in_range(0, 1));
  }
};

/// What to multiply the learning rate of `step` (0 .. total_steps - 1) with: in (0, 1].
///
/// With w = round(warmup * total_steps), step s < w of the warm-up has (s + 1) / w. A fall over the steps
/// [begin, total_steps) passes t = (s - begin) / (total_steps - begin) and has
///
///     linear, wsd   1 - (1 - final_factor) t
///     cosine        final_factor + (1 - final_factor) (1 + cos(pi t)) / 2
double learning_rate_factor(const ScheduleConfig& config, std::int64_t step, std::int64_t total_steps);

}  // namespace octet
