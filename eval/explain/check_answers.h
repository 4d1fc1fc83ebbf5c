#pragma once

#include <span>
#include <string>

#include "eval/explain/checks.h"

namespace octet {

// The answers of eval/explain/checks.h: functions of the rows alone, in the order in which check_model() makes them.

/// Rows: inputs symmetric, asymmetric; weights symmetric, with a minimum.
std::string symmetric_answer(std::span<const CheckRow> rows);
/// Rows: static, static clipped at 99.9 %, dynamic, weights alone.
std::string static_answer(std::span<const CheckRow> rows);
/// Rows: static, dynamic, static smoothed, outlier split; as trained, then the same with planted outliers.
std::string outlier_answer(std::span<const CheckRow> rows, bool fp32_bit_identical);
/// Rows: table, head, both in int8; the same in int4.
std::string embedding_answer(std::span<const CheckRow> rows, bool tied);

/// Planted channels of outlier_answer() are 2^k times as large.
inline constexpr std::int64_t kPlantedExponent = 6;

}  // namespace octet
