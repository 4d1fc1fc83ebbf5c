#include "eval/explain/check_answers.h"

#include <cmath>

#include <fmt/format.h>

#include "base/number_text.h"
#include "base/text_columns.h"

namespace octet {
namespace {

std::string cost(const CheckRow& row) {
  return format_change(row.ppl_increase.mean);
}

/// "cost more than", "cost less than" where the intervals part, else "cannot be told from".
const char* compared(const CheckRow& a, const CheckRow& b) {
  if (a.ppl_increase.low > b.ppl_increase.high) return "cost more than";
  if (a.ppl_increase.high < b.ppl_increase.low) return "cost less than";
  return "cannot be told from";
}

std::string times(double one, double other) {
  return fmt::format("{:.2f} times the time", one / other);
}

}  // namespace

std::string symmetric_answer(std::span<const CheckRow> rows) {
  const CheckRow &inputs = rows[0], &shifted = rows[1], &weights = rows[2], &minimum = rows[3];
  return fmt::format(
      "Symmetric codes are values divided by a scale, so that the sum of products of codes, times both scales, is the "
      "result. A zero point z adds a term: sum w (q - z) = sum w q - z sum w. For inputs with a static scale it is known "
      "before and goes into the bias, and the product took {}; for weights the minimum meets the sum of the inputs, which "
      "each row must add up, and the product took {} and the model {} of the bytes. Asymmetric inputs ({}) {} symmetric "
      "ones ({}); int4 weights with a minimum ({}) {} symmetric ones ({}).",
      times(shifted.microseconds, inputs.microseconds), times(minimum.microseconds, weights.microseconds),
      format_percent(static_cast<double>(minimum.bytes) / static_cast<double>(weights.bytes), 0), cost(shifted),
      compared(shifted, inputs), cost(inputs), cost(minimum), compared(minimum, weights), cost(weights));
}

std::string static_answer(std::span<const CheckRow> rows) {
  const CheckRow &fixed = rows[0], &clipped = rows[1], &dynamic = rows[2], &weights = rows[3];
  return fmt::format(
      "A static scale is found before, from a text, and must reach the largest input of all tokens; a dynamic one is "
      "found for each token, and reaches that token's. Int8 weights alone cost {}. With inputs in int8 too, dynamic "
      "scales ({}) {} static ones ({}), and the product took {}. Static scales clipped at 99.9 % of the inputs cost {}: "
      "they {} those that reach the largest.",
      cost(weights), cost(dynamic), compared(dynamic, fixed), cost(fixed),
      times(dynamic.microseconds, fixed.microseconds), cost(clipped), compared(clipped, fixed));
}

std::string outlier_answer(std::span<const CheckRow> rows, bool fp32_bit_identical) {
  return fmt::format(
      "The scale must reach the largest value, and its 127 steps are shared by all others. One channel behind each norm "
      "was made {} times as large and the weights that read it as much smaller, which {} the FP32 logits. Static scales "
      "then cost {} instead of {}, dynamic ones {} instead of {}: the planted channel is in every token, so that a scale "
      "per token reaches it too. Smoothing, which moves it back into the weights, costs {} instead of {}; keeping the "
      "channel out of the integers {} instead of {}.",
      std::exp2(kPlantedExponent), fp32_bit_identical ? "does not change a bit of" : "changes", cost(rows[4]),
      cost(rows[0]), cost(rows[5]), cost(rows[1]), cost(rows[6]), cost(rows[2]), cost(rows[7]), cost(rows[3]));
}

std::string embedding_answer(std::span<const CheckRow> rows, bool tied) {
  const auto sentence = [](const char* bits, const CheckRow& table, const CheckRow& head, const CheckRow& both) {
    return fmt::format(
        "In {} the table alone, whose rows are looked up, costs {}, the head alone, which multiplies, {}, "
        "and both {}.",
        bits, cost(table), cost(head), cost(both));
  };
  return fmt::format("{} {} All other layers stay FP32 here.{}", sentence("int8", rows[0], rows[1], rows[2]),
                     sentence("int4", rows[3], rows[4], rows[5]),
                     tied ? " The head of this model is the table: one stored matrix serves both." : "");
}

std::string checks_text(const ModelChecks& checks) {
  std::string text =
      fmt::format("perplexity of FP32: {:.4g}, on {} tokens in {} windows; intervals of {}\n", checks.perplexity,
                  format_integer(checks.tokens), checks.windows, format_confidence(checks.confidence));
  for (const Check& check : checks.checks) {
    const bool timed = std::isfinite(check.rows.front().microseconds), sized = check.rows.front().bytes > 0;
    std::vector<std::vector<std::string>> table = {{"scheme", "perplexity", "low", "high"}};
    if (sized) table.front().push_back("size");
    if (timed) table.front().push_back("product");
    for (const CheckRow& row : check.rows) {
      table.push_back({row.scheme, format_change(row.ppl_increase.mean), format_change(row.ppl_increase.low),
                       format_change(row.ppl_increase.high)});
      if (sized) table.back().push_back(format_megabytes(row.bytes));
      if (timed) table.back().push_back(fmt::format("{:.0f} us", row.microseconds));
    }
    text += fmt::format("\n{}\n\n{}\n{}\n", check.question, align_columns(table, "<>>>>>"), check.answer);
  }
  return text + fmt::format("\nproduct: {} on {} inputs, median.\n", checks.timed_layer, ModelChecks::kTimedRows);
}

}  // namespace octet
