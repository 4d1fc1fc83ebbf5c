#include "cli/stored_codes.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/number_text.h"
#include "base/text_columns.h"
#include "tensor/formats/nibbles.h"

namespace octet {
namespace {

constexpr std::int64_t kShownRows = 4, kShownCodes = 12, kShownScales = 6;  // what is shown of a matrix

/// What a stored matrix says of its values, whatever its format.
struct CodeView {
  std::int64_t rows, columns, run;
  std::vector<LevelUse> levels;  // every code once, the lowest value first
  std::function<std::int64_t(std::int64_t row, std::int64_t column)> code_at;
  std::function<double(std::int64_t row, std::int64_t group)> scale_at;
  std::function<double(std::int64_t row, std::int64_t group)> minimum_at;  // empty: symmetric
};

CodeView view_of(const Codes& codes) {
  CodeView view = {codes.rows(), codes.columns(), codes.columns_per_scale(), {}, {}, {}, {}};
  for (int code = codes.lowest_code(); code <= codes.highest_code(); ++code) view.levels.push_back({code, 0, {}});
  view.code_at = [codes](std::int64_t r, std::int64_t c) {
    return static_cast<std::int64_t>(codes.codes.data<std::int8_t>()[r * codes.columns() + c]);
  };
  view.scale_at = [codes](std::int64_t r, std::int64_t g) { return static_cast<double>(codes.scale(r, g)); };
  if (!codes.is_symmetric()) {
    view.minimum_at = [codes](std::int64_t r, std::int64_t g) { return static_cast<double>(codes.minimum(r, g)); };
  }
  return view;
}

CodeView view_of(const CodebookWeight& weight) {
  CodeView view = {weight.rows(), weight.columns(), std::min(weight.block(), weight.columns()), {}, {}, {}, {}};
  for (const float level : weight.levels()) {
    view.levels.push_back({static_cast<std::int64_t>(view.levels.size()), 0, static_cast<double>(level)});
  }
  std::stable_sort(view.levels.begin(), view.levels.end(), [](const LevelUse& a, const LevelUse& b) {
    const double left = a.value(), right = b.value();  // FP4 has a zero of each sign
    return left < right || (left == right && std::signbit(left) && !std::signbit(right));
  });
  const Tensor& nibbles = weight.nibbles();
  const Tensor scales = from_half(weight.scales());
  view.code_at = [nibbles](std::int64_t r, std::int64_t c) {
    return static_cast<std::int64_t>(nibble_at(nibbles.data<std::uint8_t>() + r * nibbles.dim(1), c));
  };
  view.scale_at = [scales](std::int64_t r, std::int64_t g) {
    return static_cast<double>(scales.data<float>()[r * scales.dim(1) + g]);
  };
  return view;
}

std::optional<CodeView> view_of(const AnyWeight& weight) {
  if (const auto* codebook = std::get_if<CodebookWeight>(&weight)) return view_of(*codebook);
  if (has_codes(weight)) return view_of(codes_of(weight));
  return {};
}

void count_levels(const CodeView& view, StoredCodes& stored) {
  std::map<std::int64_t, std::int64_t> counts;
  for (std::int64_t r = 0; r < view.rows; ++r) {
    for (std::int64_t c = 0; c < view.columns; ++c) ++counts[view.code_at(r, c)];
  }
  const auto all = static_cast<double>(view.rows * view.columns);
  stored.levels = view.levels;
  for (LevelUse& level : stored.levels) {
    level.count = counts[level.code];
    const double share = static_cast<double>(level.count) / all;
    if (level.count > 0) stored.entropy_bits -= share * std::log2(share);
  }
}

void show_rows(const CodeView& view, StoredCodes& stored) {
  const std::int64_t groups = (view.columns + view.run - 1) / view.run;
  for (std::int64_t r = 0; r < std::min(kShownRows, view.rows); ++r) {
    stored.codes.emplace_back();
    stored.scales.emplace_back();
    if (view.minimum_at) stored.minimums.emplace_back();
    for (std::int64_t c = 0; c < std::min(kShownCodes, view.columns); ++c) {
      stored.codes.back().push_back(view.code_at(r, c));
    }
    for (std::int64_t g = 0; g < std::min(kShownScales, groups); ++g) {
      stored.scales.back().push_back(view.scale_at(r, g));
      if (view.minimum_at) stored.minimums.back().push_back(view.minimum_at(r, g));
    }
  }
}

/// 255 levels become lines of 16 neighbours: what each holds together.
std::string levels_text(const StoredCodes& stored) {
  constexpr std::size_t kMostLines = 20, kNeighbours = 16;
  constexpr std::int64_t kBar = 50;
  const std::size_t step = stored.levels.size() > kMostLines ? kNeighbours : 1;
  std::vector<std::int64_t> counts;
  std::vector<std::string> names;
  std::int64_t largest = 1;
  for (std::size_t i = 0; i < stored.levels.size(); i += step) {
    const std::size_t last = std::min(i + step, stored.levels.size()) - 1;
    std::int64_t count = 0;
    for (std::size_t j = i; j <= last; ++j) count += stored.levels[j].count;
    const double low = stored.levels[i].value(), high = stored.levels[last].value();
    names.push_back(last == i ? fmt::format("{:.4g}", low) : fmt::format("{:g} to {:g}", low, high));
    largest = std::max(largest, count);
    counts.push_back(count);
  }
  std::vector<std::vector<std::string>> table = {{"level", "weights", ""}};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    table.push_back(
        {names[i], format_integer(counts[i]), std::string(static_cast<std::size_t>(counts[i] * kBar / largest), '#')});
  }
  return align_columns(table, ">><");
}

/// The codes as what they stand for.
std::vector<std::vector<double>> values_of(const StoredCodes& stored) {
  std::map<std::int64_t, double> value;
  for (const LevelUse& level : stored.levels) value[level.code] = level.value();
  std::vector<std::vector<double>> rows;
  for (const std::vector<std::int64_t>& codes : stored.codes) {
    rows.emplace_back();
    for (const std::int64_t code : codes) rows.back().push_back(value[code]);
  }
  return rows;
}

std::string rows_text(const char* title, const std::vector<std::vector<double>>& rows) {
  std::vector<std::vector<std::string>> table;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    table.push_back({fmt::format("row {}", r)});
    for (const double value : rows[r]) table.back().push_back(fmt::format("{:.4g}", value));
  }
  return std::string("\n") + title + "\n" + align_columns(table, "<" + std::string(kShownCodes, '>'));
}

}  // namespace

std::optional<StoredCodes> stored_codes(const AnyWeight& weight) {
  const std::optional<CodeView> view = view_of(weight);
  if (!view) return {};
  StoredCodes stored;
  stored.columns_per_scale = view->run;
  count_levels(*view, stored);
  show_rows(*view, stored);
  return stored;
}

std::string why_no_codes(const AnyWeight& weight) {
  if (view_of(weight)) return "";
  if (std::holds_alternative<TrellisWeight>(weight)) {
    return "A trellis has no levels to count: each weight is computed from 12 bits, most of which it shares with its "
           "neighbours.";
  }
  return fmt::format("{} has no levels to count: its weights are floating-point numbers.", describe(weight));
}

std::string stored_codes_text(const StoredCodes& stored) {
  const auto used =
      std::count_if(stored.levels.begin(), stored.levels.end(), [](const LevelUse& level) { return level.count > 0; });
  std::string text = fmt::format("{} of {} levels are used; a code tells {:.2f} bits of its weight.\n\n", used,
                                 stored.levels.size(), stored.entropy_bits);
  text += levels_text(stored) + rows_text("first codes, in units of their scale", values_of(stored));
  text += rows_text(fmt::format("first scales, each of {} columns", stored.columns_per_scale).c_str(), stored.scales);
  if (!stored.minimums.empty()) text += rows_text("their minimums", stored.minimums);
  return text;
}

}  // namespace octet
