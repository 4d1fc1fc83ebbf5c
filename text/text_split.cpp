#include "text/text_split.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "base/random.h"
#include "base/utf8.h"

namespace octet {

namespace {

/// The end of the last `mark` that lies wholly in [from, to) of `text`, or 0.
std::size_t end_of_last(std::string_view text, std::string_view mark, std::size_t from, std::size_t to) {
  const std::size_t place = text.substr(from, to - from).rfind(mark);
  return place == std::string_view::npos ? 0 : from + place + mark.size();
}

/// Where to end a block that begins at 0 of `text`, which is longer than `to`.
std::size_t block_end(std::string_view text, std::size_t from, std::size_t to) {
  for (const std::string_view mark : {"\n\n", "\r\n\r\n", "\n", " "}) {
    if (const std::size_t end = end_of_last(text, mark, from, to)) return end;
  }
  // A UTF-8 character has at most three continuation bytes; more of them are not UTF-8.
  std::size_t end = to;
  while (is_utf8_continuation(text[end]) && end > 1 && to - end < 3) --end;
  return end;
}

/// Indices of the blocks in the order of their hash.
std::vector<std::size_t> hashed_order(std::size_t count, std::uint64_t seed) {
  const Random random(seed, hash_name("corpus.blocks"));
  std::vector<std::pair<std::uint64_t, std::size_t>> keys;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = random.block(i);
    keys.emplace_back((std::uint64_t{bits[0]} << 32) | bits[1], i);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::size_t> order;
  for (const auto& key : keys) order.push_back(key.second);
  return order;
}

/// Blocks with the same bytes make one unit, at the place of the first of them in `order`.
std::vector<std::vector<std::size_t>> equal_together(std::span<const std::size_t> order, std::string_view text,
                                                     std::span<const TextRun> blocks) {
  std::unordered_map<std::string_view, std::size_t> unit_of;
  std::vector<std::vector<std::size_t>> units;
  for (const std::size_t i : order) {
    const auto bytes =
        text.substr(static_cast<std::size_t>(blocks[i].begin), static_cast<std::size_t>(blocks[i].size()));
    const auto [entry, added] = unit_of.try_emplace(bytes, units.size());
    if (added) units.emplace_back();
    units[entry->second].push_back(i);
  }
  return units;
}

using Units = std::span<const std::vector<std::size_t>>;

/// Takes units from the front until they hold about `bytes`, at least one; their blocks in order of the text.
std::vector<std::size_t> take(Units& units, std::span<const TextRun> blocks, double bytes) {
  std::vector<std::size_t> taken;
  double sum = 0;
  while (!units.empty()) {
    const auto& unit = units.front();
    const auto size = static_cast<double>(blocks[unit.front()].size()) * static_cast<double>(unit.size());
    if (!taken.empty() && sum + size / 2 > bytes) break;
    sum += size;
    taken.insert(taken.end(), unit.begin(), unit.end());
    units = units.subspan(1);
  }
  std::sort(taken.begin(), taken.end());
  return taken;
}

std::vector<TextRun> join(std::span<const std::size_t> taken, std::span<const TextRun> blocks,
                          std::span<const std::int64_t> file_ends) {
  std::vector<TextRun> runs;
  for (const std::size_t i : taken) {
    const TextRun& block = blocks[i];
    const bool new_file = std::binary_search(file_ends.begin(), file_ends.end(), block.begin);
    if (!runs.empty() && runs.back().end == block.begin && !new_file) {
      runs.back().end = block.end;
    } else {
      runs.push_back(block);
    }
  }
  return runs;
}

}  // namespace

std::vector<TextRun> cut_blocks(std::string_view text, std::span<const std::int64_t> file_ends,
                                std::int64_t block_bytes) {
  const auto size = static_cast<std::size_t>(block_bytes);
  std::vector<TextRun> blocks;
  std::int64_t begin = 0;
  for (const std::int64_t file_end : file_ends) {
    while (begin < file_end) {
      const auto rest = text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(file_end - begin));
      const std::size_t end = rest.size() * 2 > size * 3 ? block_end(rest, size * 3 / 4, size * 5 / 4) : rest.size();
      blocks.push_back({begin, begin + static_cast<std::int64_t>(end)});
      begin = blocks.back().end;
    }
  }
  return blocks;
}

TextSplit deal_blocks(std::string_view text, std::span<const TextRun> blocks, std::span<const std::int64_t> file_ends,
                      double calibration_fraction, double test_fraction, std::uint64_t seed) {
  const auto bytes = std::accumulate(blocks.begin(), blocks.end(), 0.0, [](double sum, const TextRun& block) {
    return sum + static_cast<double>(block.size());
  });
  const std::vector<std::size_t> order = hashed_order(blocks.size(), seed);
  const auto units = equal_together(order, text, blocks);
  Units rest = units;
  const auto test = take(rest, blocks, test_fraction * bytes);
  const auto calibration = take(rest, blocks, calibration_fraction * bytes);
  std::vector<std::size_t> train;
  for (const auto& unit : rest) train.insert(train.end(), unit.begin(), unit.end());
  std::sort(train.begin(), train.end());
  return {join(train, blocks, file_ends), join(calibration, blocks, file_ends), join(test, blocks, file_ends),
          units.size()};
}

}  // namespace octet
